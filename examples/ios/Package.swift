// swift-tools-version:5.9
import PackageDescription

// the XCFramework that make-xcframework.sh makes; elsewhere the header, and -L names the folder of libtimbrel
#if os(Linux)
let library = Target.systemLibrary(name: "CTimbrel")
let settings: [LinkerSetting] = [.linkedLibrary("timbrel")]
#else
let library = Target.binaryTarget(name: "CTimbrel", path: "CTimbrel.xcframework")
let settings: [LinkerSetting] = []
#endif

let package = Package(
    name: "Timbrel",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Timbrel", targets: ["Timbrel"])],
    targets: [library, .target(name: "Timbrel", dependencies: ["CTimbrel"], linkerSettings: settings)]
)
