package org.timbrel

import java.io.File
import java.math.BigDecimal
import java.math.RoundingMode

/**
 * Classifies 16-bit wav files, `MODEL FILE.wav...`, and prints the line that the Rust program prints with `--json`,
 * for `check.sh` to compare.
 */
fun main(arguments: Array<String>) {
    val model = File(arguments[0]).readBytes()
    for (name in arguments.drop(1)) {
        val wav = Wav(File(name))
        Classifier(model, wav.sampleRate, wav.channels).use { classifier ->
            classifier.pushAll(wav.samples)
            classifier.finish()
            println(json(name, classifier, wav.seconds))
        }
    }
}

private fun json(name: String, classifier: Classifier, seconds: Double): String {
    val result = classifier.result()!!
    val entries = classifier.genres.zip(result.probabilities.asList()) { genre, p -> "\"$genre\": ${digits(p.toDouble(), 6)}" }
    return "{\"file\": \"$name\", \"state\": \"${result.state.name.lowercase()}\", \"genre\": \"${result.genre}\", \"confidence\": ${digits(result.confidence.toDouble(), 6)}, " +
        "\"probabilities\": {${entries.joinToString()}}, \"windows\": ${result.windows}, \"seconds\": ${digits(seconds, 3)}}"
}

// Java's own formatting rounds the shortest decimal form, Rust's the exact value
private fun digits(value: Double, places: Int): String =
    BigDecimal(value).setScale(places, RoundingMode.HALF_EVEN).toPlainString()
