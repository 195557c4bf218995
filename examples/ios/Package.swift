// swift-tools-version:5.9
import PackageDescription

var targets: [Target] = []
var dependencies: [Target.Dependency] = ["CTimbrel"]
#if os(Linux)
// the header here; `-Xlinker -L` names the folder of libtimbrel
targets.append(.systemLibrary(name: "CTimbrel"))
let linked: [LinkerSetting] = [.linkedLibrary("timbrel")]
// stubs of AVFAudio, which check.sh asks for, so that the microphone compiles and is tested too
let stubs = Context.environment["TIMBREL_STUBS"] != nil
if stubs {
    targets.append(.target(name: "AVFAudio", path: "Stubs/AVFAudio"))
    targets.append(.testTarget(name: "MicrophoneTests", dependencies: ["Timbrel", "AVFAudio"]))
    dependencies.append("AVFAudio")
}
#else
// make-xcframework.sh makes it
targets.append(.binaryTarget(name: "CTimbrel", path: "CTimbrel.xcframework"))
let linked: [LinkerSetting] = []
#endif

let strict: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]
targets.append(.target(name: "Timbrel", dependencies: dependencies, swiftSettings: strict, linkerSettings: linked))
targets.append(.testTarget(name: "TimbrelTests", dependencies: ["Timbrel"], swiftSettings: strict))

let package = Package(
    name: "Timbrel",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Timbrel", targets: ["Timbrel"])],
    targets: targets
)
