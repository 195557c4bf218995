# timbrel_add_targets(INCLUDE DIR [STATIC FILE] [SHARED FILE]) makes the imported targets
#   Timbrel::static, Timbrel::shared  those of the two whose file is given
#   Timbrel::timbrel                  the one that BUILD_SHARED_LIBS asks for, or the one there is
include_guard(GLOBAL)

function(timbrel_add_targets)
    cmake_parse_arguments(PARSE_ARGV 0 ARG "" "INCLUDE;STATIC;SHARED" "")
    if(ARG_STATIC)
        # what `rustc --print native-static-libs` says, less what every C compiler links anyway
        if(APPLE)
            set(system iconv m)
        else()
            set(system pthread dl m)
        endif()
        add_library(Timbrel::static STATIC IMPORTED GLOBAL)
        set_target_properties(Timbrel::static PROPERTIES IMPORTED_LOCATION "${ARG_STATIC}"
            INTERFACE_INCLUDE_DIRECTORIES "${ARG_INCLUDE}" INTERFACE_LINK_LIBRARIES "${system}")
        set(chosen Timbrel::static)
    endif()
    if(ARG_SHARED)
        add_library(Timbrel::shared SHARED IMPORTED GLOBAL)
        set_target_properties(Timbrel::shared PROPERTIES IMPORTED_LOCATION "${ARG_SHARED}"
            INTERFACE_INCLUDE_DIRECTORIES "${ARG_INCLUDE}")
        if(BUILD_SHARED_LIBS OR NOT ARG_STATIC)
            set(chosen Timbrel::shared)
        endif()
    endif()
    add_library(Timbrel::timbrel INTERFACE IMPORTED GLOBAL)
    set_target_properties(Timbrel::timbrel PROPERTIES INTERFACE_LINK_LIBRARIES ${chosen})
endfunction()
