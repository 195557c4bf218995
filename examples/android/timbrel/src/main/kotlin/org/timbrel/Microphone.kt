package org.timbrel

import android.annotation.SuppressLint
import android.media.AudioFormat.CHANNEL_IN_MONO
import android.media.AudioFormat.ENCODING_PCM_16BIT
import android.media.AudioRecord
import android.media.MediaRecorder.AudioSource.UNPROCESSED
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.log10
import kotlin.math.max
import kotlin.math.sqrt
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn

/** The device's microphone as a stream of answers. */
class Microphone {
    private val levels = MutableStateFlow<Float?>(null)

    /** Level of the newest tenth of a second in dB, 0 for a full-scale square wave and -90 at least; null while closed. */
    val level: StateFlow<Float?> = levels.asStateFlow()

    /**
     * Listen while the flow is collected, and emit the answer over everything heard after each window.
     *
     * The flow is cold. Each collector opens the microphone and a classifier, and releases both when it is cancelled,
     * so that `repeatOnLifecycle(STARTED) { microphone.answers(model).collect(::show) }` records only while the screen
     * is visible. A slow collector gets the newest answer. The app must hold `RECORD_AUDIO`.
     *
     * The flow fails with a [TimbrelException] for a damaged model, and with an [IllegalStateException] if the
     * microphone cannot be opened or stops.
     *
     * @param model bytes of a `.timbrel` file
     */
    fun answers(model: ByteArray): Flow<Answer> = flow {
        Classifier(model, RATE_HZ, channels = 1).use { classifier ->
            open().use { recording ->
                while (true) {
                    currentCoroutineContext().ensureActive()
                    val samples = recording.read()
                    levels.value = dbfs(samples)
                    while (samples.hasRemaining()) if (classifier.push(samples)) classifier.result()?.let { emit(it) }
                }
            }
        }
    }.conflate().flowOn(Dispatchers.IO)

    // the app asks for the permission
    @SuppressLint("MissingPermission")
    private fun open(): Recording {
        val least = AudioRecord.getMinBufferSize(RATE_HZ, CHANNEL_IN_MONO, ENCODING_PCM_16BIT)
        val bytes = max(least, Short.SIZE_BYTES * RATE_HZ) // a second, so that a busy phone loses nothing
        return Recording(AudioRecord(UNPROCESSED, RATE_HZ, CHANNEL_IN_MONO, ENCODING_PCM_16BIT, bytes), levels)
    }

    private companion object {
        /** A rate that every device records at. */
        const val RATE_HZ = 44100
    }
}

/** A microphone that is open. It owns [record] and releases it, also when it cannot be started. */
private class Recording(private val record: AudioRecord, private val levels: MutableStateFlow<Float?>) : AutoCloseable {
    private val buffer = ByteBuffer.allocateDirect(BLOCK_BYTES).order(ByteOrder.nativeOrder())

    init {
        try {
            check(record.state == AudioRecord.STATE_INITIALIZED) { "the microphone cannot be opened" }
            record.startRecording()
            check(record.recordingState == AudioRecord.RECORDSTATE_RECORDING) { "the microphone is in use" }
        } catch (error: IllegalStateException) {
            record.release()
            throw error
        }
    }

    /** Wait for the next samples. The buffer is valid until the next call. */
    fun read(): ByteBuffer {
        val read = record.read(buffer, buffer.capacity())
        check(read >= 0) { "the microphone stopped (error $read)" }
        buffer.clear()
        buffer.limit(read)
        return buffer
    }

    override fun close() {
        record.release()
        levels.value = null
    }

    private companion object {
        /** Samples of 93 ms, after which a cancelled collector is noticed. */
        const val BLOCK_BYTES = 8192
    }
}

/** Return the level of 16-bit samples in dB below full scale, at least -90. */
private fun dbfs(samples: ByteBuffer): Float {
    val count = samples.remaining() / Short.SIZE_BYTES
    if (count == 0) return -90f
    var energy = 0.0
    for (at in samples.position() until samples.limit() step Short.SIZE_BYTES) {
        val sample = samples.getShort(at) / 32768.0
        energy += sample * sample
    }
    return max(-90.0, 20 * log10(sqrt(energy / count))).toFloat()
}
