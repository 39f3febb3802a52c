# package.cmake - where the files go on `cmake --install`, and the Debian package of CPack.
include(GNUInstallDirs)

install(TARGETS bouncemill RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/bouncemill.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/bouncemill.bash
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME bouncemill)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/_bouncemill
	DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

# CPack: `cpack -G DEB` (or `-G TGZ`) in the build directory.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "the bouncemill authors")
set(CPACK_PACKAGE_CONTACT "the bouncemill authors <bouncemill@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
	"Reads months of Postfix logs, compressed or not, at the speed of reading, and
writes tables that say who bounces, why, whose fault it is, what to do
about it and whether it is getting better.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
