package org.timbrel

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer
import java.nio.IntBuffer

/** Metadata of a model. */
class ModelInfo internal constructor(
    /** Rate in Hz to which audio is resampled; any rate from 4,000 to 768,000 Hz may be pushed. */
    val sampleRate: Int,
    /** Number of genres, 1 to 64. */
    val genreCount: Int,
    /** Seconds of audio in a window, and until the first answer. */
    val windowSeconds: Float,
    /** Seconds from one answer to the next. */
    val hopSeconds: Float,
    /** A logit's value is its integer times 2 to the power of minus this. */
    val logitsExponent: Int,
)

/** Whether the audio is music whose genre the model knows. */
enum class State {
    MUSIC,

    /** There is no sound. */
    SILENCE,

    /** The model rejects it: speech, noise, tones. */
    NOT_MUSIC,

    /** The most probable genre is less probable than the model's threshold. */
    UNSURE,
}

/** The answer over all windows so far. */
class Answer internal constructor(
    /** Whether [genre] means anything. */
    val state: State,
    /** The most probable genre; it is always there. */
    val genre: String,
    /** Its probability, 0 to 1. */
    val confidence: Float,
    /** Probability of each genre, 0 to 1, in the order of [Classifier.genres]. */
    val probabilities: FloatArray,
    /** Windows of the audio, silent ones included. */
    val windows: Int,
    /** Root mean square of the audio in dB relative to full scale; at least -120. */
    val levelDbfs: Float,
    /** Share of the samples at or beyond full scale, 0 to 1. */
    val clipped: Float,
    /** Share of the audio that is silent, 0 to 1. */
    val silent: Float,
    /** Share of the windows that the model rejects as not music, among those that are not silent, 0 to 1. */
    val notMusic: Float,
    /** Share of the audio whose channels cancel each other, 0 to 1; its loudest channel was heard instead. */
    val cancelled: Float,
)

/** The answer for one window alone, in which the windows before it have no part. */
class WindowAnswer internal constructor(
    /** Whether [genre] means anything. */
    val state: State,
    /** The most probable genre; it is always there. */
    val genre: String,
    /** Its probability, 0 to 1. */
    val confidence: Float,
    /** Probability of each genre, 0 to 1, in the order of [Classifier.genres]; all the same if the window is silent. */
    val probabilities: FloatArray,
)

/**
 * A classifier for the genre of a stream of audio.
 *
 * ```
 * Classifier(model, sampleRate = 44100, channels = 1).use { classifier ->
 *     val buffer = ByteBuffer.allocateDirect(8192).order(ByteOrder.nativeOrder())
 *     while (fill(buffer)) {                      // position and limit around 16-bit samples
 *         while (buffer.hasRemaining()) {
 *             if (classifier.push(buffer)) classifier.result()?.let(::show)
 *         }
 *     }
 *     classifier.finish()
 *     classifier.result()?.let(::show)
 * }
 * ```
 *
 * A classifier holds memory outside the JVM's heap until [close]. Threads may share it: its functions wait for one another.
 * After [close] they throw [IllegalStateException].
 *
 * @param model bytes of a `.timbrel` file; copied
 * @param sampleRate samples per second and channel, 4,000 to 768,000
 * @param channels interleaved channels, 1 to 8; their mean is classified
 * @throws TimbrelException if the model is damaged, or the rate or the channels are not supported
 */
class Classifier(model: ByteArray, sampleRate: Int, channels: Int) : AutoCloseable {
    val info: ModelInfo = Companion.info(model)

    /** 0 once closed. */
    private var handle: Long = LongArray(1).also { throwOnError(Native.create(model, sampleRate, channels, it)) }[0]

    // outputs of a push, kept because audio comes often
    private val taken = IntArray(2)

    /** Names of the genres. */
    val genres: List<String> = List(info.genreCount) { index ->
        val label = arrayOfNulls<ByteArray>(1)
        throwOnError(Native.label(handle, index, label))
        String(label[0]!!, Charsets.UTF_8)
    }

    /**
     * Push 16-bit samples from a direct buffer in native byte order, from its position on, which moves past the
     * samples that were taken. The function returns after each window, so call it again while samples remain. The
     * division of the audio into calls does not change the result; a frame of channels may be divided, too.
     *
     * @return whether a window was completed, that is, whether [result] has changed
     * @throws IllegalArgumentException if the buffer is not direct, has the other byte order, half a sample at the
     *   end, or begins in the middle of a sample
     * @throws TimbrelException if the signal is finished
     */
    @Synchronized
    fun push(samples: ByteBuffer): Boolean {
        require(samples.order() == ByteOrder.nativeOrder()) { "the buffer has not the native byte order" }
        require(samples.remaining() % Short.SIZE_BYTES == 0) { "the buffer ends with half a sample" }
        return push(samples, Short.SIZE_BYTES, 1, Native::pushShorts)
    }

    /**
     * Push floating-point samples, full scale ±1.0, otherwise as [push] does.
     *
     * @throws TimbrelException with [Status.SAMPLE] for a sample that is NaN, infinite, or beyond ±1,000,000; the
     *   position is then at that sample, and the caller may continue after it
     */
    @Synchronized
    fun push(samples: FloatBuffer): Boolean {
        require(samples.order() == ByteOrder.nativeOrder()) { "the buffer has not the native byte order" }
        return push(samples, Float.SIZE_BYTES, Float.SIZE_BYTES, Native::pushFloats)
    }

    /** Push 32-bit samples, full scale 2^31, otherwise as [push] does; samples of 24 bits are in the upper bytes. */
    @Synchronized
    fun push(samples: IntBuffer): Boolean {
        require(samples.order() == ByteOrder.nativeOrder()) { "the buffer has not the native byte order" }
        return push(samples, Int.SIZE_BYTES, Int.SIZE_BYTES, Native::pushInts)
    }

    /** Push samples of [sampleBytes] from a buffer whose position counts steps of [stepBytes]. */
    private inline fun push(
        buffer: Buffer,
        sampleBytes: Int,
        stepBytes: Int,
        native: (Long, Buffer, Int, Int, IntArray) -> Int,
    ): Boolean {
        val handle = alive()
        require(buffer.isDirect) { "the buffer is not direct" }
        val count = buffer.remaining() * stepBytes / sampleBytes
        val status = native(handle, buffer, buffer.position() * stepBytes, count, taken)
        require(status != Native.MISALIGNED) { "the buffer begins in the middle of a sample" }
        buffer.position(buffer.position() + taken[0] * sampleBytes / stepBytes)
        throwOnError(status)
        return taken[1] != 0
    }

    /**
     * End the signal and classify the rest of it. Calling this again does nothing.
     *
     * @throws TimbrelException if no sample was pushed
     */
    @Synchronized
    fun finish() = throwOnError(Native.finish(alive()))

    /** Forget the signal, so that another one of the same format can be pushed. */
    @Synchronized
    fun reset() = throwOnError(Native.reset(alive()))

    /** Return the answer over all windows since the beginning or the last [reset]; null before the first one. */
    @Synchronized
    fun result(): Answer? {
        val numbers = IntArray(3)
        val shares = FloatArray(5)
        val probabilities = FloatArray(info.genreCount)
        val status = Native.result(alive(), numbers, shares, probabilities)
        if (status == Status.NO_RESULT.ordinal) return null
        throwOnError(status)
        val best = numbers[0]
        val (level, clipped, silent, notMusic, cancelled) = shares
        return Answer(
            State.values()[numbers[2]], genres[best], probabilities[best], probabilities, numbers[1],
            level, clipped, silent, notMusic, cancelled,
        )
    }

    /**
     * Return the answer for the last window alone; null before the first one. An app calls it after each push that
     * completed a window, for example to show where speech interrupts the music.
     */
    @Synchronized
    fun window(): WindowAnswer? {
        val state = IntArray(1)
        val probabilities = FloatArray(info.genreCount)
        val status = Native.window(alive(), state, probabilities)
        if (status == Status.NO_RESULT.ordinal) return null
        throwOnError(status)
        val best = probabilities.indices.maxByOrNull { probabilities[it] } ?: 0
        return WindowAnswer(State.values()[state[0]], genres[best], probabilities[best], probabilities)
    }

    /** Return the integer logits of the last window, the same bits on every platform; zeros before the first one. */
    @Synchronized
    fun logits(): IntArray = IntArray(info.genreCount).also { throwOnError(Native.logits(alive(), it)) }

    /** Free the memory. Closing twice does nothing. */
    @Synchronized
    override fun close() {
        Native.free(handle) // leaves 0 alone
        handle = 0
    }

    private fun alive(): Long {
        check(handle != 0L) { "the classifier is closed" }
        return handle
    }

    companion object {
        /** The library's version, for example "0.1.0". */
        @JvmStatic
        val version: String get() = String(Native.version(), Charsets.UTF_8)

        /**
         * Check a model and return its metadata.
         *
         * @throws TimbrelException if it is damaged
         */
        @JvmStatic
        fun info(model: ByteArray): ModelInfo {
            val numbers = IntArray(3)
            val seconds = FloatArray(2)
            throwOnError(Native.info(model, numbers, seconds))
            return ModelInfo(numbers[0], numbers[1], seconds[0], seconds[1], numbers[2])
        }
    }
}
