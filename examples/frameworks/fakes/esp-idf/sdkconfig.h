/* What the build system makes of the example's Kconfig.projbuild. */
#pragma once

#define CONFIG_IDF_TARGET_ESP32C3 1
#define CONFIG_TIMBREL_PIN_BCLK 4
#define CONFIG_TIMBREL_PIN_WS 5
#define CONFIG_TIMBREL_PIN_DATA 6
