#if canImport(AVFAudio)
import AVFAudio

/// The microphone as a stream of samples for `Classifier.answers(to:)`. On iOS the app first asks for permission
/// (`NSMicrophoneUsageDescription`) and activates an `AVAudioSession` that records.
public final class Microphone: @unchecked Sendable {
    private let engine = AVAudioEngine()

    public init() {}

    /// Samples per second, for the classifier; there is one channel.
    public var sampleRate: UInt32 { UInt32(engine.inputNode.outputFormat(forBus: 0).sampleRate) }

    /// Listen until the stream is dropped. One stream at a time.
    public func chunks() throws -> AsyncStream<[Float]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [Float].self)
        engine.inputNode.installTap(onBus: 0, bufferSize: 4096, format: nil) { buffer, _ in
            guard let channels = buffer.floatChannelData else { return }
            continuation.yield(Array(UnsafeBufferPointer(start: channels[0], count: Int(buffer.frameLength))))
        }
        continuation.onTermination = { _ in
            self.engine.inputNode.removeTap(onBus: 0)
            self.engine.stop()
        }
        do {
            try engine.start()
        } catch {
            continuation.finish()
            throw error
        }
        return stream
    }
}
#endif
