package org.timbrel

import java.io.File
import java.lang.reflect.InvocationTargetException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import kotlin.math.PI
import kotlin.math.sin
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** `timbrel.root` names the repository, whose model and header are read. */
class ClassifierTest {
    private val root = File(System.getProperty("timbrel.root"))
    private val model = File(root, "models/compact.timbrel").readBytes()
    private val rate = 22050

    /** Some seconds of a changing sound, mono. */
    private fun tune(seconds: Int): ByteBuffer {
        val samples = direct(2 * rate * seconds)
        for (i in 0 until rate * seconds) {
            val t = i.toDouble() / rate
            samples.putShort((12000 * sin(2 * PI * (200 + 150 * (t * 3).toInt() % 700) * t) * (1 - t * 3 % 1)).toInt().toShort())
        }
        return samples.flip() as ByteBuffer
    }

    private fun classifier() = Classifier(model, rate, 1)

    private fun logitsOf(samples: ByteBuffer): IntArray = classifier().use {
        it.pushAll(samples)
        it.finish()
        it.logits()
    }

    private fun statusOf(body: () -> Unit): Status {
        val exception = assertFailsWith<TimbrelException> { body() }
        assertTrue(exception.message!!.isNotEmpty(), "no details for ${exception.status}")
        return exception.status
    }

    @Test
    fun statusesAreTheHeaders() {
        val header = File(root, "include/timbrel.h").readText()
        val declared = Regex("TIMBREL_(?:ERROR_)?((?!STATE_|PHASE_)\\w+) = (\\d+),").findAll(header).map { it.destructured.toList() }.toList()
        assertEquals(declared, Status.values().map { listOf(it.name, it.ordinal.toString()) })
    }

    @Test
    fun aModelSaysWhatItIs() {
        val info = Classifier.info(model)
        assertEquals(22050, info.sampleRate)
        assertEquals(10, info.genreCount)
        // windows of 128 columns at a hop of 512 samples, each half over the next
        assertEquals(128 * 512 / 22050f, info.windowSeconds, 1e-3f)
        assertEquals(info.windowSeconds / 2, info.hopSeconds, 1e-3f)
        val gtzan = listOf("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
        classifier().use { assertEquals(gtzan, it.genres) }
        assertTrue(Regex("\\d+\\.\\d+\\.\\d+").matches(Classifier.version))
    }

    @Test
    fun silenceIsNotAGenre() = classifier().use { classifier ->
        classifier.pushAll(direct(2 * 4 * rate))
        val answer = classifier.result()!!
        assertEquals(State.SILENCE, answer.state)
        assertEquals(listOf(-120f, 0f, 1f), listOf(answer.levelDbfs, answer.clipped, answer.silent))
    }

    @Test
    fun statesAreTheHeaders() {
        val header = File(root, "include/timbrel.h").readText()
        val declared = Regex("TIMBREL_STATE_(\\w+) = (\\d+),").findAll(header).map { it.destructured.toList() }.toList()
        assertEquals(declared, State.values().map { listOf(it.name, it.ordinal.toString()) })
    }

    @Test
    fun damagedModelsAreRefused() {
        val flipped = model.clone().also { it[50000] = (it[50000].toInt() xor 1).toByte() }
        for (bytes in listOf(ByteArray(0), "no model".toByteArray(), model.copyOf(1000), flipped)) {
            assertEquals(Status.MODEL, statusOf { Classifier(bytes, rate, 1) })
            assertEquals(Status.MODEL, statusOf { Classifier.info(bytes) })
        }
    }

    @Test
    fun aModelIsNeverNull() {
        val constructor = Classifier::class.java.getConstructor(ByteArray::class.java, Int::class.java, Int::class.java)
        val thrown = assertFailsWith<InvocationTargetException> { constructor.newInstance(null, rate, 1) }
        assertIs<NullPointerException>(thrown.cause)
    }

    @Test
    fun otherRatesAndChannelsAreRefused() {
        for (bad in listOf(0, -1, 3_999, 768_001, Int.MAX_VALUE)) assertEquals(Status.RATE, statusOf { Classifier(model, bad, 1) })
        for (bad in listOf(0, -1, 9)) assertEquals(Status.CHANNELS, statusOf { Classifier(model, rate, bad) })
    }

    @Test
    fun anAnswerComesWithTheFirstWindow() = classifier().use { classifier ->
        val samples = tune(4)
        assertNull(classifier.result())
        assertTrue(classifier.push(samples))
        // the last column looks ahead by half of its transform
        val seconds = samples.position() / 2f / rate
        assertTrue(seconds - classifier.info.windowSeconds in 0f..0.1f, "window at $seconds s")
        val result = classifier.result()!!
        assertEquals(1, result.windows)
        assertEquals(1f, result.probabilities.sum(), 1e-5f)
        assertEquals(result.probabilities.max(), result.confidence)
        assertEquals(classifier.genres[result.probabilities.indexOfFirst { it == result.confidence }], result.genre)
        assertFalse(classifier.push(samples))
        assertFalse(samples.hasRemaining())
        assertFalse(classifier.push(samples), "an empty buffer completes nothing")
    }

    @Test
    fun piecesOfAnySizeGiveTheSameBits() {
        val samples = tune(14)
        val whole = logitsOf(samples)
        for (frames in listOf(1, 7, 997, 44100)) {
            val pieces = classifier().use {
                for (begin in 0 until samples.limit() step 2 * frames) {
                    val piece = samples.duplicate().order(samples.order())
                    piece.position(begin).limit(minOf(begin + 2 * frames, samples.limit()))
                    it.pushAll(piece)
                }
                it.finish()
                it.logits()
            }
            assertContentEquals(whole, pieces, "pieces of $frames")
        }
        assertFalse(whole.all { it == 0 })
    }

    @Test
    fun aSliceAndFloatsGiveTheSameBits() {
        val samples = tune(12)
        val whole = logitsOf(samples)

        val shifted = direct(samples.limit() + 6)
        shifted.position(6)
        shifted.put(samples.duplicate()).position(6)
        assertContentEquals(whole, logitsOf(shifted.slice().order(ByteOrder.nativeOrder())))

        val floats = direct(2 * samples.limit()).asFloatBuffer()
        for (at in 0 until samples.limit() step 2) floats.put(samples.getShort(at) / 32768f)
        floats.flip()
        val logits = classifier().use {
            while (floats.hasRemaining()) it.push(floats)
            it.finish()
            it.logits()
        }
        assertContentEquals(whole, logits)
    }

    @Test
    fun samplesOf32BitsGiveTheSameBits() {
        val samples = tune(12)
        val ints = direct(2 * samples.limit()).asIntBuffer()
        for (at in 0 until samples.limit() step 2) ints.put(samples.getShort(at).toInt() shl 16)
        ints.flip()
        val logits = classifier().use {
            while (ints.hasRemaining()) it.push(ints)
            it.finish()
            it.logits()
        }
        assertContentEquals(logitsOf(samples), logits)
    }

    @Test
    fun aWindowIsAnAnswerOfItsOwn() = classifier().use { classifier ->
        assertNull(classifier.window())
        classifier.push(tune(4))
        val (first, sofar) = classifier.window()!! to classifier.result()!!
        assertContentEquals(sofar.probabilities, first.probabilities)
        assertEquals(listOf<Any>(sofar.state, sofar.genre, sofar.confidence), listOf<Any>(first.state, first.genre, first.confidence))
        classifier.pushAll(direct(2 * 6 * rate))
        val silent = classifier.window()!!
        assertEquals(State.SILENCE, silent.state)
        for (probability in silent.probabilities) assertEquals(1f / classifier.genres.size, probability, 1e-6f)
        assertFalse(silent.probabilities.contentEquals(classifier.result()!!.probabilities))
    }

    @Test
    fun otherBuffersAreRefusedAndDoNoHarm() = classifier().use { classifier ->
        val samples = tune(12)
        val odd = direct(9)
        val foreign = if (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) ByteOrder.LITTLE_ENDIAN else ByteOrder.BIG_ENDIAN
        val misaligned = (direct(9).position(1) as ByteBuffer).order(ByteOrder.nativeOrder())
        val bad = listOf(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()), odd, direct(8).order(foreign), misaligned)
        for (buffer in bad) {
            val position = buffer.position()
            assertFailsWith<IllegalArgumentException> { classifier.push(buffer) }
            assertEquals(position, buffer.position())
        }
        assertFailsWith<IllegalArgumentException> { classifier.push(java.nio.FloatBuffer.allocate(4)) }
        assertFailsWith<IllegalArgumentException> { classifier.push(ByteBuffer.allocateDirect(16).order(foreign).asFloatBuffer()) }
        val unaligned = (direct(18).position(2) as ByteBuffer).slice().order(ByteOrder.nativeOrder()).asFloatBuffer()
        assertFailsWith<IllegalArgumentException> { classifier.push(unaligned) }
        assertFailsWith<IllegalArgumentException> { classifier.push(java.nio.IntBuffer.allocate(4)) }
        classifier.pushAll(samples)
        classifier.finish()
        assertContentEquals(logitsOf(samples), classifier.logits())
    }

    @Test
    fun onePushMayGoOnBehindABadSample() = classifier().use { classifier ->
        val floats = direct(4 * 100).asFloatBuffer()
        floats.put(60, Float.NaN)
        assertEquals(Status.SAMPLE, statusOf { classifier.push(floats) })
        assertEquals(60, floats.position())
        floats.position(61)
        assertFalse(classifier.push(floats))
        assertFalse(floats.hasRemaining())
    }

    @Test
    fun aSignalEndsOnceAndCanBeFollowedByAnother() = classifier().use { classifier ->
        assertEquals(Status.NO_AUDIO, statusOf { classifier.finish() })
        val samples = tune(3)
        classifier.pushAll(samples)
        classifier.finish()
        classifier.finish()
        assertEquals(Status.FINISHED, statusOf { classifier.pushAll(samples) })
        val logits = classifier.logits()
        classifier.reset()
        assertNull(classifier.result())
        classifier.pushAll(samples)
        classifier.finish()
        assertContentEquals(logits, classifier.logits())
    }

    @Test
    fun aClosedClassifierSaysSo() {
        val classifier = classifier()
        classifier.close()
        classifier.close()
        val uses = listOf<() -> Any?>(
            { classifier.push(direct(8)) }, { classifier.push(direct(8).asFloatBuffer()) }, { classifier.finish() },
            { classifier.push(direct(8).asIntBuffer()) }, { classifier.reset() }, { classifier.result() },
            { classifier.window() }, { classifier.logits() },
        )
        for (use in uses) assertFailsWith<IllegalStateException> { use() }
    }

    @Test
    fun twoThreadsWithAClassifierEachDoNotMeet() {
        val tunes = listOf(tune(12), tune(15))
        val alone = tunes.map(::logitsOf)
        val threads = Executors.newFixedThreadPool(2)
        val together = threads.invokeAll(tunes.map { Callable { logitsOf(it) } }).map { it.get() }
        threads.shutdown()
        for (i in tunes.indices) assertContentEquals(alone[i], together[i])
    }

    @Test
    fun twoThreadsMayShareAClassifier() = classifier().use { classifier ->
        // one second of one tone, over and over: what arrives in which order makes no difference to the number of windows
        val samples = tune(1)
        val threads = Executors.newFixedThreadPool(2)
        threads.invokeAll(List(2) { Callable { repeat(10) { classifier.pushAll(samples) } } }).forEach { it.get() }
        threads.shutdown()
        val serial = classifier().use { other ->
            repeat(20) { other.pushAll(samples) }
            other.result()!!.windows
        }
        assertEquals(serial, classifier.result()!!.windows)
    }

    @Test
    fun closingWaitsForAPushAndStopsTheNext() {
        val classifier = classifier()
        val samples = tune(1)
        val thread = Executors.newSingleThreadExecutor()
        val pushing = thread.submit(Callable { assertFailsWith<IllegalStateException> { while (true) classifier.pushAll(samples) } })
        while (classifier.result() == null) Thread.yield()
        classifier.close()
        assertIs<IllegalStateException>(pushing.get())
        thread.shutdown()
    }
}
