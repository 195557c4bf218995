import CTimbrel
import Foundation

/// A failure in the library; `status` is a `timbrel_status` of `timbrel.h`.
public struct TimbrelError: LocalizedError, CustomStringConvertible, Sendable {
    public let status: UInt32
    public let description: String
    /// Samples that the failed `push` took. With `TIMBREL_ERROR_SAMPLE` the bad sample is the one at this index, and
    /// the signal may go on after it.
    public internal(set) var consumed = 0
    /// The answers after the windows that the failed `push` completed.
    public internal(set) var answers: [Answer] = []

    public var errorDescription: String? { description }
}

/// The answer over all windows so far.
public struct Answer: Sendable, Equatable {
    /// Whether audio is music whose genre the model knows.
    public enum State: Sendable, Hashable {
        case music
        /// There is no sound.
        case silence
        /// The model rejects it: speech, noise, tones.
        case notMusic
        /// The most probable genre is less probable than the model's threshold.
        case unsure

        init(_ state: timbrel_state) {
            switch state {
            case TIMBREL_STATE_MUSIC: self = .music
            case TIMBREL_STATE_SILENCE: self = .silence
            case TIMBREL_STATE_NOT_MUSIC: self = .notMusic
            default: self = .unsure
            }
        }
    }

    /// The answer for one window alone, in which the windows before it have no part.
    public struct Window: Sendable, Equatable {
        /// Whether `genre` means anything.
        public let state: State
        /// The most probable genre; it is always there.
        public let genre: String
        /// Its probability, 0 to 1.
        public let confidence: Float
        /// Probability of each genre, in the order of `Classifier.genres`; all the same if the window is silent.
        public let probabilities: [Float]
    }

    /// Whether `genre` means anything.
    public let state: State
    /// The most probable genre; it is always there.
    public let genre: String
    /// Its probability, 0 to 1.
    public let confidence: Float
    /// Probability of each genre, in the order of `Classifier.genres`.
    public let probabilities: [Float]
    /// Windows of the audio, silent ones included.
    public let windows: Int
    /// Root mean square of the audio in dB relative to full scale; at least -120.
    public let levelDbfs: Float
    /// Share of the samples at or beyond full scale, 0 to 1.
    public let clipped: Float
    /// Share of the audio that is silent, 0 to 1.
    public let silent: Float
    /// Share of the windows that the model rejects as not music, among those that are not silent, 0 to 1.
    public let notMusic: Float
    /// Share of the audio whose channels cancel each other, 0 to 1; its loudest channel was heard instead.
    public let cancelled: Float
    /// The answer for the last of these windows alone, for example to show where speech interrupts the music.
    public let window: Window
}

/// A classifier for the genre of a stream of audio. Threads may share it: its functions wait for one another.
public final class Classifier: @unchecked Sendable {
    /// Names of the genres.
    public let genres: [String]
    private let handle: OpaquePointer
    private let lock = NSLock()

    /// - Parameters:
    ///   - model: bytes of a `.timbrel` file; copied
    ///   - sampleRate: samples per second and channel, 4,000 to 768,000
    ///   - channels: interleaved channels, 1 to 8; their mean is classified
    public init(model: Data, sampleRate: UInt32, channels: UInt32) throws {
        let bytes = [UInt8](model)
        var info = timbrel_info()
        try check(timbrel_model_info(bytes, bytes.count, &info))
        var config = timbrel_config(
            struct_size: UInt32(MemoryLayout<timbrel_config>.size), sample_rate: sampleRate, channels: channels)
        var made: OpaquePointer?
        try check(timbrel_classifier_new(bytes, bytes.count, &config, &made))
        let classifier = made!
        handle = classifier
        genres = (0..<info.class_count).map { index in
            var label = [CChar](repeating: 0, count: 128)
            // cannot fail: the index is one of the model's, and the room is enough for any label
            _ = timbrel_label(classifier, index, &label, label.count)
            return String(cString: label)
        }
    }

    deinit { timbrel_classifier_free(handle) }

    /// Push any number of samples, full scale ±1.0.
    ///
    /// - Returns: the answer after each window that they completed
    /// - Throws: `TimbrelError` for a sample that is NaN, infinite or beyond ±1,000,000; its `consumed` and `answers` keep
    ///   what was heard before
    public func push(_ samples: [Float]) throws -> [Answer] {
        try push(samples[...])
    }

    /// Push samples as `push(_:)` of an array does; `TimbrelError.consumed` counts from the beginning of the slice.
    public func push(_ samples: ArraySlice<Float>) throws -> [Answer] {
        try push(samples, with: timbrel_classifier_push_f32)
    }

    /// Push 16-bit samples, otherwise as `push(_:)` of floating-point samples.
    public func push(_ samples: [Int16]) throws -> [Answer] {
        try push(samples[...], with: timbrel_classifier_push_i16)
    }

    /// Push 32-bit samples, otherwise as `push(_:)` of floating-point samples. Full scale is 2^31: samples of 24 bits are in
    /// the upper bytes.
    public func push(_ samples: [Int32]) throws -> [Answer] {
        try push(samples[...], with: timbrel_classifier_push_i32)
    }

    private typealias Push<Sample> = (
        OpaquePointer?, UnsafePointer<Sample>?, Int, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UInt8>?
    ) -> timbrel_status

    private func push<Sample>(_ samples: ArraySlice<Sample>, with native: Push<Sample>) throws -> [Answer] {
        lock.lock()
        defer { lock.unlock() }
        var answers: [Answer] = []
        var taken = 0
        do {
            try samples.withUnsafeBufferPointer { buffer in
                while taken < buffer.count {
                    var consumed = 0
                    var window: UInt8 = 0
                    let status = native(
                        handle, buffer.baseAddress! + taken, buffer.count - taken, &consumed, &window)
                    taken += consumed
                    try check(status)
                    if window != 0 { answers.append(try read()) }
                }
            }
        } catch var error as TimbrelError {
            error.consumed = taken
            error.answers = answers
            throw error
        }
        return answers
    }

    /// End the signal and classify the rest of it.
    public func finish() throws -> Answer {
        lock.lock()
        defer { lock.unlock() }
        try check(timbrel_classifier_finish(handle))
        return try read()
    }

    /// Forget the signal, so that another one can be pushed.
    public func reset() throws {
        lock.lock()
        defer { lock.unlock() }
        try check(timbrel_classifier_reset(handle))
    }

    /// Return the answers to a signal from its beginning: one after each window, and one for the rest at its end.
    ///
    /// A sample that is NaN, infinite or out of range is left out. A failure of `chunks` ends the stream with that error.
    public func answers<Chunks: AsyncSequence & Sendable>(to chunks: Chunks) -> AsyncThrowingStream<Answer, Error>
    where Chunks.Element == [Float] {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try reset()
                    var windows = 0
                    for try await chunk in chunks {
                        for answer in try pushGoodSamples(of: chunk) {
                            windows = answer.windows
                            continuation.yield(answer)
                        }
                    }
                    try Task.checkCancellation()
                    let last = try finish()
                    if last.windows > windows { continuation.yield(last) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Push samples without those that the library refuses.
    private func pushGoodSamples(of samples: [Float]) throws -> [Answer] {
        var rest = samples[...]
        var answers: [Answer] = []
        while true {
            do {
                return answers + (try push(rest))
            } catch let error as TimbrelError where error.status == TIMBREL_ERROR_SAMPLE.rawValue {
                answers += error.answers
                rest = rest.dropFirst(error.consumed + 1)
            }
        }
    }

    private func read() throws -> Answer {
        var result = timbrel_result()
        result.struct_size = UInt32(MemoryLayout<timbrel_result>.size)
        var probabilities = [Float](repeating: 0, count: genres.count)
        try check(timbrel_classifier_result(handle, &result, &probabilities, probabilities.count))
        return Answer(
            state: Answer.State(result.state), genre: genres[Int(result.class_index)], confidence: result.confidence, probabilities: probabilities,
            windows: Int(result.windows), levelDbfs: result.level_dbfs, clipped: result.clipped, silent: result.silent,
            notMusic: result.not_music, cancelled: result.cancelled, window: try readWindow())
    }

    private func readWindow() throws -> Answer.Window {
        var state = TIMBREL_STATE_UNSURE
        var probabilities = [Float](repeating: 0, count: genres.count)
        try check(timbrel_classifier_window(handle, &state, &probabilities, probabilities.count))
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        return Answer.Window(
            state: Answer.State(state), genre: genres[best], confidence: probabilities[best], probabilities: probabilities)
    }
}

/// Throw an error for a status that is not OK, on the thread that got it, which has the details.
private func check(_ status: timbrel_status) throws {
    if status != TIMBREL_OK {
        throw TimbrelError(status: UInt32(status.rawValue), description: String(cString: timbrel_last_error()))
    }
}
