# In place of Zephyr's CMake package: as much as the module and the sample use. Kconfig's result is prj.conf and the
# variable FAKE_CONFIG.
project(Zephyr-Kernel C)
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/prj.conf lines REGEX "^CONFIG_")
foreach(line ${lines} ${FAKE_CONFIG})
  string(REGEX MATCH "^(CONFIG_[A-Z0-9_]+)=(.*)$" ignored "${line}")
  set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()

add_library(zephyr_interface INTERFACE)
target_include_directories(zephyr_interface INTERFACE ${CMAKE_CURRENT_LIST_DIR})
add_library(app STATIC)
target_link_libraries(app PRIVATE zephyr_interface)
set_property(GLOBAL PROPERTY ZEPHYR_LIBS "")

function(zephyr_include_directories)
  target_include_directories(zephyr_interface INTERFACE ${ARGV})
endfunction()

function(zephyr_library_import name path)
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${path})
  set_property(GLOBAL APPEND PROPERTY ZEPHYR_LIBS ${name})
endfunction()

macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
  target_link_libraries(${name} PUBLIC zephyr_interface)
  set_property(GLOBAL APPEND PROPERTY ZEPHYR_LIBS ${name})
endmacro()

function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()

function(zephyr_library_sources_ifdef feature)
  if(${feature})
    zephyr_library_sources(${ARGN})
  endif()
endfunction()

function(zephyr_library_link_libraries)
  target_link_libraries(${ZEPHYR_CURRENT_LIBRARY} PUBLIC ${ARGV})
endfunction()

foreach(module ${EXTRA_ZEPHYR_MODULES})
  file(STRINGS ${module}/zephyr/module.yml folder REGEX "^  cmake: ")
  string(REGEX REPLACE "^  cmake: " "" folder "${folder}")
  add_subdirectory(${module}/${folder} ${CMAKE_BINARY_DIR}/modules/${folder})
endforeach()

get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)
add_executable(zephyr)
target_link_libraries(zephyr PRIVATE zephyr_interface -Wl,--whole-archive app ${libraries} -Wl,--no-whole-archive)
fake_machine(zephyr ${CMAKE_CURRENT_LIST_DIR}/zephyr.c)
