/* The part of Arduino's core, and of arduino-esp32's, that the sketch uses; signatures as there. */
#ifndef Arduino_h
#define Arduino_h

#include <stddef.h>
#include <stdint.h>

class HardwareSerial
{
public:
    void begin(unsigned long baud);
    size_t println(const char *text);
};

extern HardwareSerial Serial;

void setup(void);
void loop(void);
void delay(uint32_t milliseconds);

#ifdef ARDUINO_ARCH_ESP32
/* freertos/FreeRTOS.h and freertos/task.h, which Arduino.h of arduino-esp32 includes */
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef void (*TaskFunction_t)(void *);
typedef struct tskTaskControlBlock *TaskHandle_t;
#define pdPASS ((BaseType_t)1)
extern "C" BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack_depth, void *parameters,
                                  UBaseType_t priority, TaskHandle_t *created);

size_t getArduinoLoopTaskStackSize(void);
#define SET_LOOP_TASK_STACK_SIZE(sz) \
    size_t getArduinoLoopTaskStackSize() { return sz; }
#endif

#endif
