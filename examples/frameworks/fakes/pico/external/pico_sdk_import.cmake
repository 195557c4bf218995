# In place of the Pico SDK: as much as the library and the sample use.
get_filename_component(fake_sdk ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

macro(pico_sdk_init)
    foreach(library pico_stdlib pico_multicore hardware_adc hardware_dma hardware_irq)
        add_library(${library} INTERFACE)
        target_include_directories(${library} INTERFACE ${fake_sdk})
    endforeach()
    if(PICO_PLATFORM STREQUAL "rp2040")
        target_compile_definitions(pico_stdlib INTERFACE PICO_RP2040=1)
    endif()
endmacro()

function(pico_enable_stdio_usb executable enabled)
endfunction()

function(pico_add_extra_outputs executable)
    fake_machine(${executable} ${fake_sdk}/pico.c)
endfunction()
