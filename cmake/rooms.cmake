# SPDX-License-Identifier: GPL-2.0-or-later
# A room is a folder with one job. It includes its own headers and the public ones of the rooms that
# it uses, and of those that they use; nothing else is on its include path, so a wrong #include does
# not compile. What calls what is checked over the symbols by tests/checks/check_layers.py, which
# reads the list that this file writes.
#
#   room(NAME FOLDER USES ROOM... PRIVATE HEADER...)
#
# NAME becomes an object library. Headers under PRIVATE are seen by the room alone. Includes are
# written from where FOLDER begins: engine/flow/flow.h is "flow/flow.h", frames/packet.h is
# "frames/packet.h". The include path is a folder of links in the build tree.

file(WRITE ${CMAKE_BINARY_DIR}/rooms.txt "")

# The path by which a room's headers are included: without the house it stands in.
function(room_prefix folder out)
    string(REGEX REPLACE "^(engine|capture-tool)/" "" prefix ${folder})
    set(${out} ${prefix} PARENT_SCOPE)
endfunction()

function(room_link_headers viewer name headers)
    get_property(folder GLOBAL PROPERTY room_folder_${name})
    room_prefix(${folder} prefix)
    set(see ${CMAKE_BINARY_DIR}/see/${viewer}/${prefix})
    file(MAKE_DIRECTORY ${see})
    foreach(header ${headers})
        file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder}/${header} ${see}/${header} SYMBOLIC)
    endforeach()
endfunction()

# Let a target see the public headers of these rooms and of all below them.
function(target_sees target)
    set(below)
    foreach(used ${ARGN})
        get_property(more GLOBAL PROPERTY room_below_${used})
        list(APPEND below ${more} ${used})
    endforeach()
    list(REMOVE_DUPLICATES below)
    foreach(used ${below})
        get_property(headers GLOBAL PROPERTY room_public_${used})
        room_link_headers(${target} ${used} "${headers}")
    endforeach()
    target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/see/${target}
        ${CMAKE_SOURCE_DIR}/engine/include)
    set_property(GLOBAL PROPERTY room_below_${target} ${below})
endfunction()

function(room name folder)
    cmake_parse_arguments(ROOM "" "" "USES;PRIVATE" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder}
        ${CMAKE_SOURCE_DIR}/${folder}/*.h ${CMAKE_SOURCE_DIR}/${folder}/*.def)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    set(public ${headers})
    if(ROOM_PRIVATE)
        list(REMOVE_ITEM public ${ROOM_PRIVATE})
    endif()
    set_property(GLOBAL PROPERTY room_folder_${name} ${folder})
    set_property(GLOBAL PROPERTY room_public_${name} ${public})

    add_library(${name} OBJECT ${sources})
    target_link_libraries(${name} PUBLIC PkgConfig::GLIB)
    file(REMOVE_RECURSE ${CMAKE_BINARY_DIR}/see/${name})
    target_sees(${name} ${ROOM_USES})
    room_link_headers(${name} ${name} "${headers}")
    get_property(below GLOBAL PROPERTY room_below_${name})
    file(APPEND ${CMAKE_BINARY_DIR}/rooms.txt "${name} ${folder}: ${below}\n")
endfunction()
