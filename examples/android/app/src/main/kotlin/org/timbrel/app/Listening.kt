package org.timbrel.app

import android.annotation.SuppressLint
import android.media.AudioFormat.CHANNEL_IN_MONO
import android.media.AudioFormat.ENCODING_PCM_16BIT
import android.media.AudioRecord
import android.media.MediaRecorder.AudioSource.UNPROCESSED
import java.nio.ByteBuffer
import java.nio.ByteOrder
import org.timbrel.Classifier
import org.timbrel.Result

/** A thread that passes the microphone's samples to a classifier until it is stopped. */
class Listening(
    private val model: ByteArray,
    private val onResult: (Result) -> Unit,
    private val onError: (String) -> Unit,
) : Thread("listening") {
    @Volatile private var wanted = true

    fun end() {
        wanted = false
    }

    override fun run() {
        try {
            Classifier(model, RATE_HZ, channels = 1).use(::listen)
        } catch (error: RuntimeException) {
            onError(error.message ?: "the microphone cannot be used")
        }
    }

    // the activity asks for the permission before it starts this
    @SuppressLint("MissingPermission")
    private fun listen(classifier: Classifier) {
        val bytes = maxOf(AudioRecord.getMinBufferSize(RATE_HZ, CHANNEL_IN_MONO, ENCODING_PCM_16BIT), RATE_HZ)
        val record = AudioRecord(UNPROCESSED, RATE_HZ, CHANNEL_IN_MONO, ENCODING_PCM_16BIT, 2 * bytes)
        check(record.state == AudioRecord.STATE_INITIALIZED) { "the microphone cannot be used" }
        val buffer = ByteBuffer.allocateDirect(8192).order(ByteOrder.nativeOrder())
        try {
            record.startRecording()
            while (wanted) {
                buffer.clear()
                val read = record.read(buffer, buffer.capacity())
                check(read >= 0) { "the microphone stopped: $read" }
                buffer.limit(read)
                while (buffer.hasRemaining()) if (classifier.push(buffer)) classifier.result()?.let(onResult)
            }
        } finally {
            record.release()
        }
    }

    private companion object {
        /** A rate at which every device records. */
        const val RATE_HZ = 44100
    }
}
