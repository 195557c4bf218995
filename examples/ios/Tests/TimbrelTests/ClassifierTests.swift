import Foundation
import Timbrel
import XCTest

/// The shipped model, of this repository.
let model: Data = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../..")
    return try! Data(contentsOf: root.appendingPathComponent("models/compact.timbrel"))
}()

/// Plucked notes, mono, 22,050 Hz.
func tune(seconds: Double) -> [Float] {
    (0..<Int(22050 * seconds)).map { i in
        let t = Double(i) / 22050
        let hz = 110 * pow(2, Double(Int(t * 4) * 7 % 12) / 12)
        return Float(0.6 * sin(2 * .pi * hz * t) * exp(-6 * (t * 4).truncatingRemainder(dividingBy: 1)))
    }
}

func stream(_ chunks: [[Float]]) -> AsyncStream<[Float]> {
    AsyncStream { continuation in
        for chunk in chunks { continuation.yield(chunk) }
        continuation.finish()
    }
}

final class ClassifierTests: XCTestCase {
    private func classifier() throws -> Classifier { try Classifier(model: model, sampleRate: 22050, channels: 1) }

    private func collect(_ chunks: [[Float]]) async throws -> [Answer] {
        var answers: [Answer] = []
        for try await answer in try classifier().answers(to: stream(chunks)) { answers.append(answer) }
        return answers
    }

    func testTheAnswerIsOverTheTenGenres() throws {
        let classifier = try classifier()
        XCTAssertEqual(
            classifier.genres,
            ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"])
        let answers = try classifier.push(tune(seconds: 9))
        XCTAssertEqual(answers.map(\.windows), Array(1...answers.count))
        let last = try classifier.finish()
        XCTAssertEqual(last.probabilities.reduce(0, +), 1, accuracy: 1e-5)
        XCTAssertEqual(last.probabilities.max(), last.confidence)
        XCTAssertEqual(classifier.genres[last.probabilities.firstIndex(of: last.confidence)!], last.genre)
    }

    func testSilenceIsNotAGenre() throws {
        let classifier = try classifier()
        _ = try classifier.push([Float](repeating: 0, count: 22050 * 4))
        let answer = try classifier.finish()
        XCTAssertEqual(answer.state, .silence)
        XCTAssertEqual([answer.levelDbfs, answer.clipped, answer.silent], [-120, 0, 1])
    }

    func testAWindowIsAnAnswerOfItsOwn() throws {
        let classifier = try classifier()
        let first = try classifier.push(Array(tune(seconds: 4)))[0]
        XCTAssertEqual(first.window.probabilities, first.probabilities)
        XCTAssertEqual(first.window.state, first.state)
        XCTAssertEqual(first.window.genre, first.genre)
        XCTAssertEqual(first.window.confidence, first.confidence)
        let last = try classifier.push([Float](repeating: 0, count: 22050 * 6)).last!
        XCTAssertEqual(last.window.state, .silence)
        for probability in last.window.probabilities {
            XCTAssertEqual(probability, 1 / Float(classifier.genres.count), accuracy: 1e-6)
        }
        XCTAssertNotEqual(last.window.probabilities, last.probabilities)
    }

    func testSamplesOf16And32BitsGiveTheSameAnswers() throws {
        let shorts = tune(seconds: 5).map { Int16($0 * 32767) }
        let expected = try classifier().push(shorts.map { Float($0) / 32768 })
        XCTAssertFalse(expected.isEmpty)
        XCTAssertEqual(try classifier().push(shorts), expected)
        XCTAssertEqual(try classifier().push(shorts.map { Int32($0) << 16 }), expected)
    }

    func testHowAudioIsCutMakesNoDifference() throws {
        let samples = tune(seconds: 9)
        let whole = try classifier()
        var expected = try whole.push(samples)
        expected.append(try whole.finish())
        for size in [1000, 7919] {
            let classifier = try classifier()
            var answers: [Answer] = []
            for start in stride(from: 0, to: samples.count, by: size) {
                answers += try classifier.push(samples[start..<min(start + size, samples.count)])
            }
            answers.append(try classifier.finish())
            XCTAssertEqual(answers, expected)
        }
    }

    func testAStreamOfASecondHasAnAnswer() async throws {
        let answers = try await collect([tune(seconds: 1)])
        XCTAssertEqual(answers.map(\.windows), [1])
    }

    func testAStreamAnswersWhatPushesAnswer() async throws {
        let samples = tune(seconds: 8)
        let classifier = try classifier()
        var expected = try classifier.push(samples)
        let last = try classifier.finish()
        if last.windows > expected.last!.windows { expected.append(last) }
        let halves = [Array(samples[..<90000]), Array(samples[90000...])]
        let answers = try await collect(halves)
        XCTAssertEqual(answers, expected)
    }

    func testAnEmptyStreamIsAnError() async throws {
        do {
            _ = try await collect([])
            XCTFail("no error")
        } catch let error as TimbrelError {
            XCTAssertEqual(error.status, 9)  // TIMBREL_ERROR_NO_AUDIO
            XCTAssertEqual(error.localizedDescription, error.description)
            XCTAssertFalse(error.description.isEmpty)
        }
    }

    func testABadSampleKeepsItsPlaceAndTheAnswersBefore() throws {
        var samples = tune(seconds: 9)
        samples[150_000] = .nan
        let before = try classifier().push(Array(samples[..<150_000]))
        XCTAssertFalse(before.isEmpty)
        let classifier = try classifier()
        XCTAssertThrowsError(try classifier.push(samples)) { error in
            let error = error as! TimbrelError
            XCTAssertEqual(error.status, 6)  // TIMBREL_ERROR_SAMPLE
            XCTAssertEqual(error.consumed, 150_000)
            XCTAssertEqual(error.answers, before)
        }
        // and the signal goes on after it
        XCTAssertFalse(try classifier.push(samples[150_001...]).isEmpty)
    }

    func testAStreamLeavesBadSamplesOut() async throws {
        let good = tune(seconds: 6)
        var bad = good
        bad.insert(.infinity, at: 70_000)
        bad.insert(.nan, at: 0)
        let (answers, expected) = (try await collect([bad]), try await collect([good]))
        XCTAssertEqual(answers, expected)
    }

    func testAnotherRateIsRefusedInWords() {
        XCTAssertThrowsError(try Classifier(model: model, sampleRate: 0, channels: 1)) { error in
            XCTAssertEqual((error as! TimbrelError).status, 4)
            XCTAssertTrue(error.localizedDescription.contains("rate"), error.localizedDescription)
        }
    }
}
