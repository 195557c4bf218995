# find_package(Timbrel) with an installed library, on systems that name libraries as Unix does. Sets
#   Timbrel_MODEL  the shipped model file, where it is installed
# and makes the targets that TimbrelTargets.cmake describes.
get_filename_component(_timbrel_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

foreach(_timbrel_kind STATIC SHARED)
    set(_timbrel_name "${CMAKE_${_timbrel_kind}_LIBRARY_PREFIX}timbrel${CMAKE_${_timbrel_kind}_LIBRARY_SUFFIX}")
    # this file serves every architecture of a multiarch system
    find_library(Timbrel_${_timbrel_kind}_LIBRARY NAMES "${_timbrel_name}"
        PATHS "${_timbrel_prefix}/lib/${CMAKE_LIBRARY_ARCHITECTURE}" "${_timbrel_prefix}/lib64" "${_timbrel_prefix}/lib"
        NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
    mark_as_advanced(Timbrel_${_timbrel_kind}_LIBRARY)
endforeach()

if(NOT Timbrel_STATIC_LIBRARY AND NOT Timbrel_SHARED_LIBRARY)
    set(Timbrel_FOUND FALSE)
    set(Timbrel_NOT_FOUND_MESSAGE "there is no libtimbrel under ${_timbrel_prefix}")
    return()
endif()

set(Timbrel_MODEL "")
if(EXISTS "${_timbrel_prefix}/share/timbrel/compact.timbrel")
    set(Timbrel_MODEL "${_timbrel_prefix}/share/timbrel/compact.timbrel")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/TimbrelTargets.cmake")
if(NOT TARGET Timbrel::timbrel)
    timbrel_add_targets(INCLUDE "${_timbrel_prefix}/include"
        STATIC "${Timbrel_STATIC_LIBRARY}" SHARED "${Timbrel_SHARED_LIBRARY}")
endif()
