package org.timbrel

import android.media.AudioRecord
import android.media.AudioRecord.Fake
import java.io.File
import java.nio.ByteBuffer
import kotlin.math.PI
import kotlin.math.sin
import kotlin.test.AfterTest
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking

/** The microphone over the stub of `AudioRecord`, which plays what [Fake] is given. */
class MicrophoneTest {
    private val model = File(System.getProperty("timbrel.root"), "models/compact.timbrel").readBytes()
    private val rate = 44100
    private val microphone = Microphone()

    private fun tone(seconds: Int): ByteBuffer {
        val samples = direct(2 * rate * seconds)
        for (i in 0 until rate * seconds) samples.putShort((16384 * sin(2 * PI * 440 * i / rate)).toInt().toShort())
        return samples.flip() as ByteBuffer
    }

    @BeforeTest
    fun reset() {
        Fake.sound = tone(3)
        Fake.state = AudioRecord.STATE_INITIALIZED
        Fake.recordingState = AudioRecord.RECORDSTATE_RECORDING
        Fake.afterwards = 0
    }

    @AfterTest
    fun everyRecordIsReleased() {
        assertEquals(0, Fake.open.get())
        assertNull(microphone.level.value)
    }

    @Test
    fun anAnswerIsTheClassifiers() = runBlocking {
        val heard = microphone.answers(model).first()
        val wanted = Classifier(model, rate, 1).use {
            val samples = tone(3)
            assertTrue(it.push(samples))
            it.result()!!
        }
        assertEquals(wanted.genre, heard.genre)
        assertContentEquals(wanted.probabilities, heard.probabilities)
        assertEquals(1, heard.windows)
    }

    @Test
    fun itListensUntilItIsCancelled() = runBlocking {
        val windows = microphone.answers(model).take(4).toList().map { it.windows }
        assertEquals(windows.sorted().distinct(), windows)
    }

    @Test
    fun theLevelIsThatOfTheSound() = runBlocking {
        Fake.sound = tone(60)
        microphone.answers(model).take(1).collect {
            // half of full scale, as a sine: -6.02 dB - 3.01 dB
            assertEquals(-9.03f, microphone.level.value!!, 0.05f)
        }
    }

    @Test
    fun aMicrophoneThatCannotBeOpenedIsReleased() {
        Fake.state = AudioRecord.STATE_UNINITIALIZED
        assertFailsWith<IllegalStateException> { runBlocking { microphone.answers(model).collect() } }
    }

    @Test
    fun aMicrophoneInUseIsReleased() {
        Fake.recordingState = AudioRecord.RECORDSTATE_STOPPED
        assertFailsWith<IllegalStateException> { runBlocking { microphone.answers(model).collect() } }
    }

    @Test
    fun aMicrophoneThatStopsFailsAfterItsAnswers() {
        Fake.afterwards = -6
        val heard = mutableListOf<Answer>()
        val error = assertFailsWith<IllegalStateException> {
            runBlocking { microphone.answers(model).collect { heard += it } }
        }
        assertTrue(error.message!!.contains("-6"), error.message)
    }

    @Test
    fun aDamagedModelOpensNoMicrophone() {
        val error = assertFailsWith<TimbrelException> {
            runBlocking { microphone.answers(model.copyOf(100)).collect() }
        }
        assertEquals(Status.MODEL, error.status)
    }
}
