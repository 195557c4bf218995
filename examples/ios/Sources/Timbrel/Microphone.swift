#if canImport(AVFAudio)
@preconcurrency import AVFAudio
import Foundation

/// A failure of the microphone.
public enum MicrophoneError: LocalizedError, Sendable {
    /// The device has no input, or the system does not let the app use it.
    case unavailable
    /// The input device now has another sample rate than the stream.
    case sampleRateChanged
    /// Something else took the microphone, such as a call, and did not give it back.
    case interrupted

    public var errorDescription: String? {
        switch self {
        case .unavailable: return "The microphone cannot be used."
        case .sampleRateChanged: return "The microphone's sample rate has changed."
        case .interrupted: return "The microphone was interrupted."
        }
    }
}

/// The microphone as a stream of samples or of answers.
///
/// The app asks for permission (`NSMicrophoneUsageDescription`); on iOS it activates an `AVAudioSession` that records, on
/// macOS a sandboxed app has the entitlement `com.apple.security.device.audio-input`.
public final class Microphone: @unchecked Sendable {
    /// One stream of samples.
    private final class Session: Sendable {
        let sampleRate: UInt32
        let continuation: AsyncThrowingStream<[Float], Error>.Continuation

        init(_ sampleRate: UInt32, _ continuation: AsyncThrowingStream<[Float], Error>.Continuation) {
            self.sampleRate = sampleRate
            self.continuation = continuation
        }
    }

    /// Everything below is used on this queue alone. The engine's notifications come on a thread that must not call it.
    private let queue = DispatchQueue(label: "org.timbrel.microphone")
    private let engine = AVAudioEngine()
    private var session: Session?
    private var hasTap = false
    private var observers: [any NSObjectProtocol] = []

    public init() {}

    /// Samples per second of the input device, 0 if there is none.
    public var sampleRate: UInt32 { queue.sync { hardwareRate } }

    /// Return the answers over everything heard, one per window, until the stream is dropped.
    ///
    /// Where another device with another sample rate takes over, the answers begin anew.
    ///
    /// - Parameter model: bytes of a `.timbrel` file
    public func answers(model: Data) -> AsyncThrowingStream<Answer, Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    while !Task.isCancelled {
                        let rate = sampleRate
                        guard rate > 0 else { throw MicrophoneError.unavailable }
                        let classifier = try Classifier(model: model, sampleRate: rate, channels: 1)
                        do {
                            for try await answer in classifier.answers(to: try chunks(sampleRate: rate)) {
                                continuation.yield(answer)
                            }
                            break
                        } catch MicrophoneError.sampleRateChanged {
                            continue
                        }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Return the samples of the microphone, the mean of its channels, until the stream is dropped or replaced.
    ///
    /// There is one stream at a time: a new one ends the one before. The stream goes on after a change of devices and
    /// after an interruption; where it cannot, it ends with a `MicrophoneError`.
    ///
    /// - Parameter sampleRate: the value of `sampleRate` with which the classifier was made
    public func chunks(sampleRate: UInt32) throws -> AsyncThrowingStream<[Float], Error> {
        try queue.sync {
            end(throwing: nil)
            let (stream, continuation) = AsyncThrowingStream.makeStream(of: [Float].self)
            let new = Session(sampleRate, continuation)
            session = new
            continuation.onTermination = { [weak self] _ in
                guard let self else { return }
                self.queue.async { self.end(new) }
            }
            observe(new)
            do {
                try start(new)
            } catch {
                end(throwing: error)
                throw error
            }
            return stream
        }
    }

    private var hardwareRate: UInt32 {
        let format = engine.inputNode.outputFormat(forBus: 0)
        return format.channelCount == 0 ? 0 : UInt32(format.sampleRate)
    }

    private func start(_ session: Session) throws {
        let rate = hardwareRate
        // installTap ends the program where there is no device, or where there is a tap already
        guard rate > 0 else { throw MicrophoneError.unavailable }
        guard rate == session.sampleRate else { throw MicrophoneError.sampleRateChanged }
        removeTap()
        let continuation = session.continuation
        engine.inputNode.installTap(onBus: 0, bufferSize: 4096, format: nil) { buffer, _ in
            if let samples = mono(buffer) { continuation.yield(samples) }
        }
        hasTap = true
        engine.prepare()
        try engine.start()
    }

    private func removeTap() {
        if hasTap { engine.inputNode.removeTap(onBus: 0) }
        hasTap = false
    }

    /// End `ended` if it is still the stream; one that was replaced has no say.
    private func end(_ ended: Session, throwing error: Error? = nil) {
        if session === ended { end(throwing: error) }
    }

    private func end(throwing error: Error?) {
        guard let ended = session else { return }
        session = nil
        for observer in observers { NotificationCenter.default.removeObserver(observer) }
        observers = []
        removeTap()
        engine.stop()
        ended.continuation.finish(throwing: error)
    }

    /// Start again after a change, or end the stream with the reason why that fails.
    private func restart(_ changed: Session) {
        guard session === changed else { return }
        engine.stop()
        do {
            try start(changed)
        } catch {
            end(throwing: error)
        }
    }

    private func observe(_ session: Session) {
        on(.AVAudioEngineConfigurationChange, of: engine) { microphone, _ in microphone.restart(session) }
        #if !os(macOS)
        on(AVAudioSession.interruptionNotification, of: nil) { microphone, information in
            switch information {
            case .ended(shouldResume: true): microphone.restart(session)
            case .ended(shouldResume: false): microphone.end(session, throwing: MicrophoneError.interrupted)
            case .other: break  // the system has paused the engine
            }
        }
        on(AVAudioSession.mediaServicesWereResetNotification, of: nil) { microphone, _ in microphone.restart(session) }
        #endif
    }

    /// The relevant content of a notification.
    private enum Interruption: Sendable {
        case ended(shouldResume: Bool)
        case other
    }

    private func on(
        _ name: Notification.Name, of sender: AnyObject?,
        _ act: @escaping @Sendable (Microphone, Interruption) -> Void
    ) {
        observers.append(
            NotificationCenter.default.addObserver(forName: name, object: sender, queue: nil) { [weak self] notification in
                guard let self else { return }
                let interruption = Self.interruption(notification)
                self.queue.async { act(self, interruption) }
            })
    }

    private static func interruption(_ notification: Notification) -> Interruption {
        #if !os(macOS)
        if let type = notification.userInfo?[AVAudioSessionInterruptionTypeKey] as? UInt,
            AVAudioSession.InterruptionType(rawValue: type) == .ended
        {
            let options = notification.userInfo?[AVAudioSessionInterruptionOptionKey] as? UInt ?? 0
            return .ended(shouldResume: AVAudioSession.InterruptionOptions(rawValue: options).contains(.shouldResume))
        }
        #endif
        return .other
    }
}

/// Return the mean of a buffer's channels.
private func mono(_ buffer: AVAudioPCMBuffer) -> [Float]? {
    guard let channels = buffer.floatChannelData else { return nil }
    let count = Int(buffer.format.channelCount)
    let frames = Int(buffer.frameLength)
    // interleaved channels lie in one row, a stride apart
    let rows = buffer.format.isInterleaved ? (0..<count).map { channels[0] + $0 } : (0..<count).map { channels[$0] }
    return (0..<frames).map { frame in
        rows.reduce(0) { $0 + $1[frame * buffer.stride] } / Float(count)
    }
}
#endif
