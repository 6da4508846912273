# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package of the tool: "cpack" in a release build folder (configured with
# -DCMAKE_INSTALL_PREFIX=/usr) makes smtp365_VERSION_ARCH.deb with program, manual, completions,
# service, logrotate, user and folders. Without systemd's folders on the machine it is the same.
set(SYSTEMD_SOURCES ${CMAKE_SOURCE_DIR}/capture-tool/systemd)

set(SYSTEMD_PREFIX "lib/systemd/system" CACHE STRING "Where units go, below the prefix")
install(FILES ${SYSTEMD_SOURCES}/smtp365.service DESTINATION ${SYSTEMD_PREFIX} COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/smtp365.sysusers DESTINATION lib/sysusers.d
        RENAME smtp365.conf COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/smtp365.tmpfiles DESTINATION lib/tmpfiles.d
        RENAME smtp365.conf COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/smtp365.default DESTINATION /etc/default RENAME smtp365
        COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/smtp365.logrotate DESTINATION /etc/logrotate.d RENAME smtp365
        COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/debian/copyright DESTINATION share/doc/smtp365 COMPONENT package)
install(FILES ${SYSTEMD_SOURCES}/debian/changelog DESTINATION share/doc/smtp365
        RENAME changelog COMPONENT package)

install(FILES ${SYSTEMD_SOURCES}/debian/lintian-overrides DESTINATION share/lintian/overrides
        RENAME smtp365 COMPONENT package)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME smtp365)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The smtp365 authors <smtp365@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "tell from packets why mail to Microsoft 365 does not go out")
set(CPACK_PACKAGE_DESCRIPTION
    "smtp365 reads SMTP to Microsoft 365 from capture files or a mirror port,
names the root cause of each session that failed and the frames that prove
it. As a sensor it runs without privileges, writes text or JSON lines, and
keeps the packets of failed sessions.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# Only the tool: the plugin's rules are of component "wireshark".
set(CPACK_COMPONENTS_ALL Unspecified package)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libcap2-bin, logrotate")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "wireshark")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${SYSTEMD_SOURCES}/debian/postinst ${SYSTEMD_SOURCES}/debian/prerm
    ${SYSTEMD_SOURCES}/debian/postrm ${SYSTEMD_SOURCES}/debian/conffiles)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/package_files.cmake)

include(CPack)
