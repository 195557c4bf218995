/* The genre of the music that the microphone hears, on the serial port at 115200 baud.
 *
 * - Boards with a PDM microphone and Arduino's PDM library: Nano 33 BLE Sense, Nano RP2040 Connect, Nicla Sense.
 * - ESP32-C3, C6, H2 and P4 with an I2S microphone (INMP441, ICS-43434, SPH0645): its L/R pin on ground, its data on
 *   the pins below. */
#include <TimbrelMicrophone.h>

#if defined(ARDUINO_ARCH_ESP32)
#include <ESP_I2S.h>

const int PIN_BCLK = 4, PIN_WS = 5, PIN_DATA = 6;
const uint32_t RATE = 22050; // the model's own rate: nothing has to be resampled
SET_LOOP_TASK_STACK_SIZE(24 * 1024); // the network runs in loop()

TimbrelMicrophone<64 * 1024> microphone;
I2SClass i2s;

// a task, because the I2S driver keeps less than the time of a window
void readMicrophone(void *)
{
    static int32_t samples[256];
    for (;;) {
        size_t bytes = i2s.readBytes((char *)samples, sizeof samples);
        microphone.put(samples, bytes / sizeof samples[0]);
    }
}

bool startMicrophone()
{
    i2s.setPins(PIN_BCLK, PIN_WS, -1, PIN_DATA);
    return i2s.begin(I2S_MODE_STD, RATE, I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO, I2S_STD_SLOT_LEFT) &&
           xTaskCreate(readMicrophone, "microphone", 4096, nullptr, 5, nullptr) == pdPASS;
}

const uint32_t SAMPLE_BYTES = sizeof(int32_t);
#else
#include <PDM.h>

const uint32_t RATE = 16000; // what the library offers on every board
TimbrelMicrophone<> microphone;

// runs in an interrupt: the next block overwrites this one
void onSamples()
{
    static int16_t samples[512];
    int bytes = PDM.available();
    if (bytes > (int)sizeof samples)
        bytes = sizeof samples;
    bytes = PDM.read(samples, bytes);
    microphone.put(samples, bytes / sizeof samples[0]);
}

bool startMicrophone()
{
    PDM.onReceive(onSamples);
    return PDM.begin(1, RATE);
}

const uint32_t SAMPLE_BYTES = sizeof(int16_t);
#endif

void print(const char *line)
{
    Serial.println(line);
}

void stop(const char *reason)
{
    for (;;) {
        Serial.println(reason);
        delay(1000);
    }
}

void setup()
{
    Serial.begin(115200);
    timbrel_status status = microphone.begin(RATE, SAMPLE_BYTES, print);
    if (status != TIMBREL_OK)
        stop(timbrel_status_message(status));
    if (!startMicrophone())
        stop("no microphone");
}

void loop()
{
    timbrel_status status = microphone.run();
    if (status != TIMBREL_OK)
        stop(timbrel_status_message(status));
    delay(10);
}
