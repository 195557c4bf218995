plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

val root = rootDir.resolve("../..")
val abis = listOf("arm64-v8a", "armeabi-v7a", "x86_64")

android {
    namespace = "org.timbrel"
    compileSdk = 36
    ndkVersion = "28.2.13676358"
    defaultConfig {
        minSdk = 24
        ndk { abiFilters += abis }
    }
    externalNativeBuild { cmake { path = file("src/main/cpp/CMakeLists.txt") } }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

kotlin { compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8 } }

// without `decode`: Android decodes files itself, and the library stays small
val cargo = tasks.register<Exec>("cargoNdk") {
    workingDir = root
    commandLine(listOf("cargo", "ndk", "--platform", "24") + abis.flatMap { listOf("-t", it) } +
        listOf("rustc", "--release", "-p", "timbrel-ffi", "--no-default-features", "--features", "std",
            "--crate-type", "staticlib"))
}
tasks.matching { it.name.startsWith("configureCMake") || it.name == "preBuild" }.configureEach { dependsOn(cargo) }
