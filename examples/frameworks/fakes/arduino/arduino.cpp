// A board for the sketch: a PDM microphone that interrupts between two calls of loop(), or an I2S microphone that a
// task waits for.
#include <Arduino.h>
#ifdef ARDUINO_ARCH_ESP32
#include <ESP_I2S.h>
#else
#include <PDM.h>
#endif

#include <stdlib.h>

#include "machine.h"

// destructors name it, and there is no C++ library here
void operator delete(void *) noexcept
{
    abort();
}

void operator delete(void *, size_t) noexcept
{
    abort();
}

HardwareSerial Serial;

void HardwareSerial::begin(unsigned long)
{
}

size_t HardwareSerial::println(const char *text)
{
    machine_print(text);
    return 0;
}

#ifdef ARDUINO_ARCH_ESP32

void delay(uint32_t)
{
    machine_switch();
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *, uint32_t, void *parameters, UBaseType_t, TaskHandle_t *)
{
    machine_spawn(code, parameters);
    return pdPASS;
}

void I2SClass::setPins(int8_t, int8_t, int8_t, int8_t, int8_t)
{
}

bool I2SClass::begin(i2s_mode_t mode, uint32_t rate, i2s_data_bit_width_t bits, i2s_slot_mode_t slots, int8_t mask)
{
    return mode == I2S_MODE_STD && rate == 22050 && bits == I2S_DATA_BIT_WIDTH_32BIT &&
           slots == I2S_SLOT_MODE_MONO && mask == I2S_STD_SLOT_LEFT;
}

size_t I2SClass::readBytes(char *buffer, size_t size)
{
    machine_switch(); // blocks until loop() sleeps
    machine_hear(buffer, size / 4, 4);
    return size;
}

#else

static void (*received)(void);
static const int HALF_BYTES = 512; // what the library's double buffer holds by default

PDMClass PDM(0, 0, 0);

PDMClass::PDMClass(int, int, int)
{
}

PDMClass::~PDMClass()
{
}

int PDMClass::begin(int channels, int rate)
{
    return channels == 1 && rate == 16000;
}

int PDMClass::available()
{
    return HALF_BYTES;
}

int PDMClass::read(void *buffer, size_t size)
{
    machine_hear(buffer, size / 2, 2);
    return (int)size;
}

void PDMClass::onReceive(void (*function)(void))
{
    received = function;
}

void delay(uint32_t)
{
    received();
}

#endif

int main()
{
    setup();
    for (;;)
        loop();
}
