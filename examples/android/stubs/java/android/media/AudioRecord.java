package android.media;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** A microphone that hears {@link Fake#sound} once, then silence for ever, as fast as it is read. */
public class AudioRecord {
    public static final int STATE_UNINITIALIZED = 0;
    public static final int STATE_INITIALIZED = 1;
    public static final int RECORDSTATE_STOPPED = 1;
    public static final int RECORDSTATE_RECORDING = 3;

    /** What a test sets and sees. */
    public static final class Fake {
        public static volatile ByteBuffer sound;
        public static volatile int state = STATE_INITIALIZED;
        public static volatile int recordingState = RECORDSTATE_RECORDING;
        /** What a read returns once the sound is over; 0 for as many bytes of silence as were asked for. */
        public static volatile int afterwards = 0;
        /** Records that were made and not released. */
        public static final AtomicInteger open = new AtomicInteger();
    }

    private boolean released;

    public AudioRecord(int audioSource, int sampleRateInHz, int channelConfig, int audioFormat, int bufferSizeInBytes)
            throws IllegalArgumentException {
        Fake.open.incrementAndGet();
    }

    public static int getMinBufferSize(int sampleRateInHz, int channelConfig, int audioFormat) { return 3584; }

    public int getState() { return Fake.state; }

    public int getRecordingState() { return Fake.recordingState; }

    public void startRecording() throws IllegalStateException {
        if (Fake.state != STATE_INITIALIZED) throw new IllegalStateException("startRecording() called on an uninitialized AudioRecord.");
    }

    public int read(ByteBuffer audioBuffer, int sizeInBytes) {
        if (released) throw new AssertionError("read after release");
        for (int at = 0; at < sizeInBytes; at++) {
            boolean over = !Fake.sound.hasRemaining();
            if (over && Fake.afterwards < 0) return at > 0 ? at : Fake.afterwards;
            audioBuffer.put(at, over ? 0 : Fake.sound.get());
        }
        return sizeInBytes;
    }

    public void release() {
        if (released) return;
        released = true;
        Fake.open.decrementAndGet();
    }
}
