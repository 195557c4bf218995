package org.timbrel

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A 16-bit wav file, its samples in a direct buffer. */
internal class Wav(file: File) {
    val sampleRate: Int
    val channels: Int
    val samples: ByteBuffer

    init {
        val bytes = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.LITTLE_ENDIAN)
        val format = chunk(bytes, "fmt ")
        channels = bytes.getShort(format.first + 2).toInt()
        sampleRate = bytes.getInt(format.first + 4)
        require(bytes.getShort(format.first + 14).toInt() == 16) { "$file: not 16 bit" }
        val data = chunk(bytes, "data")
        samples = direct(data.last - data.first + 1)
        for (at in data step Short.SIZE_BYTES) samples.putShort(bytes.getShort(at))
        samples.flip()
    }

    val seconds: Double get() = samples.limit() / Short.SIZE_BYTES / channels.toDouble() / sampleRate

    /** Return the place of a chunk's content. */
    private fun chunk(bytes: ByteBuffer, name: String): IntRange {
        var at = 12
        while (String(bytes.array(), at, 4, Charsets.US_ASCII) != name) at += 8 + (bytes.getInt(at + 4) + 1) / 2 * 2
        return at + 8 until at + 8 + bytes.getInt(at + 4)
    }
}

/** Return a direct buffer as [Classifier.push] takes it. */
internal fun direct(bytes: Int): ByteBuffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder())

/** Push the samples between the position and the limit, and leave the buffer as it was. */
internal fun Classifier.pushAll(samples: ByteBuffer) {
    val rest = samples.duplicate().order(samples.order())
    while (rest.hasRemaining()) push(rest)
}
