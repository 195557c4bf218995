package org.timbrel

import java.nio.Buffer

/**
 * The C interface as `timbrel_jni.c` exposes it: statuses are returned, outputs go into the arrays at the end,
 * which must have the stated length. Nothing here checks a handle; [Classifier] does.
 */
internal object Native {
    /** Returned by a push, beside the statuses, for samples that are not aligned to their size. */
    const val MISALIGNED = -1

    init {
        System.loadLibrary("timbrel_jni")
    }

    @JvmStatic
    external fun version(): ByteArray

    /** UTF-8; details of the last failure on this thread. */
    @JvmStatic
    external fun lastError(): ByteArray

    /** [numbers]: sample rate, genres, exponent of the logits. [seconds]: window, hop. */
    @JvmStatic
    external fun info(model: ByteArray, numbers: IntArray, seconds: FloatArray): Int

    /** [handle]: one value. */
    @JvmStatic
    external fun create(model: ByteArray, sampleRate: Int, channels: Int, handle: LongArray): Int

    @JvmStatic
    external fun free(handle: Long)

    /** [label]: one value, UTF-8. */
    @JvmStatic
    external fun label(handle: Long, index: Int, label: Array<ByteArray?>): Int

    /** [taken]: samples consumed, and 1 if a window is complete. */
    @JvmStatic
    external fun pushShorts(handle: Long, buffer: Buffer, byteOffset: Int, count: Int, taken: IntArray): Int

    @JvmStatic
    external fun pushInts(handle: Long, buffer: Buffer, byteOffset: Int, count: Int, taken: IntArray): Int

    @JvmStatic
    external fun pushFloats(handle: Long, buffer: Buffer, byteOffset: Int, count: Int, taken: IntArray): Int

    @JvmStatic
    external fun finish(handle: Long): Int

    @JvmStatic
    external fun reset(handle: Long): Int

    /**
     * [numbers]: index of the genre, windows, state. [shares]: level, clipped, silent, not music, cancelled.
     * [probabilities]: one value per genre.
     */
    @JvmStatic
    external fun result(handle: Long, numbers: IntArray, shares: FloatArray, probabilities: FloatArray): Int

    /** [state]: one value. [probabilities]: one value per genre. */
    @JvmStatic
    external fun window(handle: Long, state: IntArray, probabilities: FloatArray): Int

    /** [logits]: one value per genre. */
    @JvmStatic
    external fun logits(handle: Long, logits: IntArray): Int
}
