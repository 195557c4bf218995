// The declarations of AVFAudio that Microphone.swift uses, with Apple's names and types, so that it compiles and runs its
// tests where there is no such framework. The engine plays what a test feeds it.
import Foundation

public typealias AVAudioNodeBus = Int
public typealias AVAudioFrameCount = UInt32
public typealias AVAudioChannelCount = UInt32
public typealias AVAudioNodeTapBlock = @Sendable (AVAudioPCMBuffer, AVAudioTime) -> Void

public final class AVAudioTime {
    public init() {}
}

public final class AVAudioFormat {
    public let sampleRate: Double
    public let channelCount: AVAudioChannelCount
    public let isInterleaved: Bool

    public init(sampleRate: Double, channelCount: AVAudioChannelCount, isInterleaved: Bool) {
        self.sampleRate = sampleRate
        self.channelCount = channelCount
        self.isInterleaved = isInterleaved
    }
}

public final class AVAudioPCMBuffer {
    public let format: AVAudioFormat
    public let frameLength: AVAudioFrameCount
    public let floatChannelData: UnsafePointer<UnsafeMutablePointer<Float>>?
    public var stride: Int { format.isInterleaved ? Int(format.channelCount) : 1 }

    /// Holds `channels[channel][frame]`; never freed, as a test is short.
    public init(format: AVAudioFormat, channels: [[Float]]) {
        self.format = format
        let frames = channels.first?.count ?? 0
        frameLength = AVAudioFrameCount(frames)
        let rows = UnsafeMutablePointer<UnsafeMutablePointer<Float>>.allocate(capacity: channels.count)
        let samples = UnsafeMutablePointer<Float>.allocate(capacity: max(1, channels.count * frames))
        for (channel, values) in channels.enumerated() {
            rows[channel] = format.isInterleaved ? samples : samples + channel * frames
            for (frame, value) in values.enumerated() {
                samples[format.isInterleaved ? frame * channels.count + channel : channel * frames + frame] = value
            }
        }
        floatChannelData = UnsafePointer(rows)
    }
}

public final class AVAudioInputNode: @unchecked Sendable {
    /// State that a test sets and reads.
    public var fakeFormat = AVAudioFormat(sampleRate: 48000, channelCount: 1, isInterleaved: false)
    public private(set) var fakeTap: AVAudioNodeTapBlock?

    public func outputFormat(forBus bus: AVAudioNodeBus) -> AVAudioFormat { fakeFormat }

    public func installTap(
        onBus bus: AVAudioNodeBus, bufferSize: AVAudioFrameCount, format: AVAudioFormat?, block: @escaping AVAudioNodeTapBlock
    ) {
        precondition(fakeTap == nil, "required condition is false: nullptr == Tap()")
        precondition(fakeFormat.sampleRate > 0, "required condition is false: IsFormatSampleRateAndChannelCountValid(format)")
        fakeTap = block
    }

    public func removeTap(onBus bus: AVAudioNodeBus) { fakeTap = nil }
}

public final class AVAudioEngine: NSObject, @unchecked Sendable {
    /// The newest engine, for a test to feed.
    nonisolated(unsafe) public static var fakeNewest: AVAudioEngine?
    public var fakeFailure: Error?
    public private(set) var isRunning = false
    public let inputNode = AVAudioInputNode()

    public override init() {
        super.init()
        Self.fakeNewest = self
    }
    public func prepare() {}
    public func start() throws {
        if let fakeFailure { throw fakeFailure }
        isRunning = true
    }
    public func stop() { isRunning = false }

    /// Hears `channels[channel][frame]`.
    public func fakeHear(_ channels: [[Float]]) {
        guard isRunning else { return }
        inputNode.fakeTap?(AVAudioPCMBuffer(format: inputNode.fakeFormat, channels: channels), AVAudioTime())
    }
}

extension Notification.Name {
    public static let AVAudioEngineConfigurationChange = Notification.Name("AVAudioEngineConfigurationChangeNotification")
}

public let AVAudioSessionInterruptionTypeKey = "AVAudioSessionInterruptionTypeKey"
public let AVAudioSessionInterruptionOptionKey = "AVAudioSessionInterruptionOptionKey"

public final class AVAudioSession {
    public static let interruptionNotification = Notification.Name("AVAudioSessionInterruptionNotification")
    public static let mediaServicesWereResetNotification = Notification.Name("AVAudioSessionMediaServicesWereResetNotification")

    public enum InterruptionType: UInt { case ended = 0, began = 1 }

    public struct InterruptionOptions: OptionSet {
        public let rawValue: UInt
        public init(rawValue: UInt) { self.rawValue = rawValue }
        public static let shouldResume = InterruptionOptions(rawValue: 1)
    }
}
