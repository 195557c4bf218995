/* Arduino's PDM library: PDM.h of ArduinoCore-mbed. */
#ifndef _PDM_H_INCLUDED
#define _PDM_H_INCLUDED

#include <Arduino.h>

class PDMClass
{
public:
    PDMClass(int dinPin, int clkPin, int pwrPin);
    virtual ~PDMClass();
    int begin(int channels, int sampleRate);
    void end();
    virtual int available();
    virtual int read(void *buffer, size_t size);
    void onReceive(void (*)(void));
    void setGain(int gain);
    void setBufferSize(int bufferSize);
};

extern PDMClass PDM;

#endif
