// Over the stubs of AVFAudio, which a test feeds.
import AVFAudio
import Foundation
import Timbrel
import XCTest

final class MicrophoneTests: XCTestCase {
    private var microphone: Microphone!
    private var engine: AVAudioEngine!

    override func setUp() {
        microphone = Microphone()
        engine = AVAudioEngine.fakeNewest
    }

    /// Waits until everything that was posted has been dealt with.
    private func settle() { _ = microphone.sampleRate }

    private func interrupt(_ type: AVAudioSession.InterruptionType, options: UInt? = nil) {
        var information: [AnyHashable: Any] = [AVAudioSessionInterruptionTypeKey: type.rawValue]
        information[AVAudioSessionInterruptionOptionKey] = options
        NotificationCenter.default.post(name: AVAudioSession.interruptionNotification, object: nil, userInfo: information)
        settle()
    }

    private func change() {
        engine.stop()
        NotificationCenter.default.post(name: .AVAudioEngineConfigurationChange, object: engine)
        settle()
    }

    func testAllChannelsAreHeard() async throws {
        for interleaved in [false, true] {
            engine.inputNode.fakeFormat = AVAudioFormat(sampleRate: 48000, channelCount: 2, isInterleaved: interleaved)
            var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
            engine.fakeHear([[1, 0, 0.5], [0, 0.5, 0.5]])
            let heard = try await chunks.next()
            XCTAssertEqual(heard, [0.5, 0.25, 0.5])
        }
    }

    func testItIsHeardAfterAnotherDeviceCame() async throws {
        var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
        change()
        XCTAssertTrue(engine.isRunning)
        engine.fakeHear([[0.25]])
        let heard = try await chunks.next()
        XCTAssertEqual(heard, [0.25])
    }

    func testAnotherRateEndsTheStreamWithTheReason() async throws {
        var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
        engine.inputNode.fakeFormat = AVAudioFormat(sampleRate: 16000, channelCount: 1, isInterleaved: false)
        change()
        do {
            _ = try await chunks.next()
            XCTFail("no error")
        } catch MicrophoneError.sampleRateChanged {
            XCTAssertFalse(engine.isRunning)
            XCTAssertNil(engine.inputNode.fakeTap)
        }
    }

    func testItIsHeardAfterACall() async throws {
        var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
        interrupt(.began)
        engine.stop()
        interrupt(.ended, options: AVAudioSession.InterruptionOptions.shouldResume.rawValue)
        XCTAssertTrue(engine.isRunning)
        engine.fakeHear([[0.25]])
        let heard = try await chunks.next()
        XCTAssertEqual(heard, [0.25])
    }

    func testAnInterruptionThatKeepsTheMicrophoneEndsTheStream() async throws {
        var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
        interrupt(.began)
        interrupt(.ended)
        do {
            _ = try await chunks.next()
            XCTFail("no error")
        } catch MicrophoneError.interrupted {
            XCTAssertEqual(MicrophoneError.interrupted.localizedDescription, "The microphone was interrupted.")
        }
    }

    func testStoppingAndStartingAtOnceIsFine() async throws {
        for _ in 0..<50 {
            // dropped at once; its end may come after the next stream's beginning
            _ = try microphone.chunks(sampleRate: 48000)
        }
        var chunks = try microphone.chunks(sampleRate: 48000).makeAsyncIterator()
        settle()
        XCTAssertTrue(engine.isRunning)
        engine.fakeHear([[1]])
        let heard = try await chunks.next()
        XCTAssertEqual(heard, [1])
    }

    func testADroppedStreamClosesTheMicrophone() throws {
        do { _ = try microphone.chunks(sampleRate: 48000) }
        settle()
        XCTAssertFalse(engine.isRunning)
        XCTAssertNil(engine.inputNode.fakeTap)
    }

    func testNoDeviceIsAnError() throws {
        engine.inputNode.fakeFormat = AVAudioFormat(sampleRate: 0, channelCount: 0, isInterleaved: false)
        XCTAssertEqual(microphone.sampleRate, 0)
        XCTAssertThrowsError(try microphone.chunks(sampleRate: 48000)) { error in
            XCTAssertEqual(error.localizedDescription, "The microphone cannot be used.")
        }
    }

    func testAnEngineThatDoesNotStartLeavesNothing() throws {
        engine.fakeFailure = CocoaError(.fileNoSuchFile)
        XCTAssertThrowsError(try microphone.chunks(sampleRate: 48000))
        XCTAssertNil(engine.inputNode.fakeTap)
        engine.fakeFailure = nil
        _ = try microphone.chunks(sampleRate: 48000)
    }
}
