# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in cpack on the staged files, before they are packed: manual and changelog are compressed, as
# Debian wants them, without a time in them, so that the same source gives the same package.
file(GLOB_RECURSE staged "${CPACK_TEMPORARY_DIRECTORY}/smtp365.1"
     "${CPACK_TEMPORARY_DIRECTORY}/changelog")
if(NOT staged)
    message(FATAL_ERROR "no manual page was staged in ${CPACK_TEMPORARY_DIRECTORY}")
endif()
foreach(file ${staged})
    execute_process(COMMAND gzip -9n -f ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
