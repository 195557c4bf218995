plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
    id("maven-publish")
}

val root = rootDir.resolve("../..")
val abis = listOf("arm64-v8a", "armeabi-v7a", "x86", "x86_64")

android {
    namespace = "org.timbrel"
    compileSdk = 36
    ndkVersion = "28.2.13676358"
    defaultConfig {
        minSdk = 24
        ndk { abiFilters += abis }
        consumerProguardFiles("consumer-rules.pro")
    }
    publishing { singleVariant("release") { withSourcesJar() } }
    externalNativeBuild { cmake { path = file("src/main/cpp/CMakeLists.txt") } }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

dependencies { api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.8.0") }

kotlin { compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8 } }

publishing {
    publications {
        register<MavenPublication>("release") {
            groupId = "org.timbrel"
            artifactId = "timbrel"
            // one version for everything that is built from this repository
            version = Regex("(?m)^version = \"(.+)\"").find(root.resolve("Cargo.toml").readText())!!.groupValues[1]
            afterEvaluate { from(components["release"]) }
        }
    }
}

// without `decode`: Android decodes files itself, and the library stays small
val cargo = tasks.register<Exec>("cargoNdk") {
    workingDir = root
    commandLine(listOf("cargo", "ndk", "--platform", "24") + abis.flatMap { listOf("-t", it) } +
        listOf("rustc", "--release", "-p", "timbrel-ffi", "--no-default-features", "--features", "std",
            "--crate-type", "staticlib"))
}
tasks.matching { it.name.startsWith("configureCMake") || it.name == "preBuild" }.configureEach { dependsOn(cargo) }
