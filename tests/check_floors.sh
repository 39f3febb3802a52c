#!/usr/bin/env bash
# check_floors.sh - the rules of the house that a machine can check.  Prints what breaks them, exit 1.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C
broken=0

# complain - one breach
complain() {
	printf 'floors: %s\n' "$*"
	broken=1
}

# sources PLACE... - the C files below these places
sources() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}

# includes KIND PLACE... - `file header` a line, for each include; KIND is the opening mark: \" or <
includes() {
	local mark=$1
	shift
	sources "$@" | xargs sed -nE "s/^ *# *include +$mark([^\">]+)[\">].*/\\1/;T;F;p" | paste -d' ' - -
}

# The visible top level is exactly this; build directories are ignored by git and so here.
want=$(printf '%s\n' CMakeLists.txt CMakePresets.json LICENSE README.md bench engine formats include \
	quickstart tests | sort)
have=$(ls -1 | grep -v '^build' | sort)
extra=$(comm -13 <(printf '%s\n' "$want") <(printf '%s\n' "$have") | paste -sd' ')
missing=$(comm -23 <(printf '%s\n' "$want") <(printf '%s\n' "$have") | paste -sd' ')
[ -z "$extra" ] || complain "the top level has more than DESIGN names: $extra"
[ -z "$missing" ] || complain "the top level lacks: $missing"

# may_see FILE HEADER - is the quoted header on a floor that the file may look at
may_see() {
	case $2 in
	bouncemill/*) [ -e "include/$2" ] ;;
	*) case $1 in
		engine/base/*) [ -e "engine/base/$2" ] ;;
		engine/*) [ -e "engine/$2" ] || [ -e "engine/base/$2" ] ;;
		formats/*) [ -e "$(dirname "$1")/$2" ] ;;
		bench/* | tests/*) [ -e "$(dirname "$1")/$2" ] || [ -e "engine/$2" ] ||
			[ -e "engine/base/$2" ] || [ -e "$2" ] ;;
		*) false ;;
		esac ;;
	esac
}
while read -r file header; do
	case $header in
	*../*) complain "$file includes \"$header\": no climbing" ;;
	*) may_see "$file" "$header" ||
		complain "$file includes \"$header\", which is not on a floor below it" ;;
	esac
done < <(includes '"' include engine formats bench tests)

# include/ stands on the C standard alone.
standard=' assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h
math.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h wctype.h '
standard=$(printf '%s' "$standard" | tr '\n' ' ')
while read -r file header; do
	[[ $standard == *" $header "* ]] || complain "$file includes <$header>: not of the C standard"
done < <(includes '<' include)

# What belongs to the system may be used where it is needed ...
system=" dirent.h endian.h fcntl.h poll.h sched.h strings.h sys/auxv.h sys/ioctl.h sys/mman.h
sys/random.h sys/resource.h sys/stat.h sys/statvfs.h sys/syscall.h sys/sysinfo.h sys/time.h sys/types.h
sys/uio.h sys/vfs.h sys/wait.h unistd.h fnmatch.h glob.h ftw.h langinfo.h malloc.h "
system=$(printf '%s' "$system" | tr '\n' ' ')
# ... except these, which like every library's header have one home each.
homes='
archive.h              formats/codecs/archive.c
archive_entry.h        formats/codecs/archive.c
arpa/inet.h            engine/classify.c
bzlib.h                formats/codecs/bzip2.c
gmime/gmime.h          formats/mails/decode.c
getopt.h               engine/options.c bench/generate_main.c
iconv.h                engine/base/charset.c
nettle/hmac.h          engine/base/anonymize.c
idn2.h                 engine/base/idn.c
immintrin.h            engine/base/scan.c
isa-l/crc.h            formats/codecs/gzip.c
isa-l/igzip_lib.h      formats/codecs/gzip.c
isa-l.h                formats/codecs/gzip.c
libpsl.h               engine/base/provider.c
lz4frame.h             formats/codecs/lz4.c
lzma.h                 formats/codecs/xz.c
mimalloc.h             engine/base/memory.c
pthread.h              engine/pipeline.c engine/base/memory.c
sqlite3.h              formats/writers/sqlite.c
xlsxwriter.h           formats/writers/book.c
xxhash.h               engine/base/hash.c
zlib.h                 formats/codecs/gzip.c
zstd.h                 formats/codecs/zstd.c
zstd_errors.h          formats/codecs/zstd.c
'
while read -r file header; do
	[[ "$standard$system" == *" $header "* ]] && continue
	home=$(printf '%s' "$homes" | awk -v h="$header" '$1 == h { $1 = ""; print $0 " " }')
	if [ -z "$home" ]; then
		complain "$file includes <$header>, which has no home in tests/check_floors.sh"
	elif [[ $home != *" $file "* ]]; then
		complain "$file includes <$header>, whose home is$home"
	fi
done < <(includes '<' engine formats bench)

# File names are unique, and each file opens with prose about itself.
sources engine formats include bench tests | sed 's|.*/||' | sort | uniq -d |
	sed 's/^/floors: more than one file is called /' | { ! grep .; } || broken=1
sources engine formats include bench tests | while read -r file; do
	read -r first <"$file"
	[[ $first == "/* ${file##*/} - "* ]] ||
		echo "floors: $file does not open with a comment '/* ${file##*/} - ...'"
done | { ! grep .; } || broken=1

# A function fits a screen: 70 lines between its braces, braces included.
sources engine formats include bench | xargs awk '
	/^\{$/ { start = FNR }
	/^\}/ && start { if (FNR - start + 1 > 70)
		printf "floors: %s:%d: a function of %d lines (at most 70)\n", FILENAME, start,
			FNR - start + 1; start = 0 }' | { ! grep .; } || broken=1

# No promises to ourselves, and nothing of the machine this was written on.
places="engine formats include bench tests CMakeLists.txt README.md quickstart .ci"
for word in TO''DO FIX''ME X''XX; do
	grep -rnwI "$word" $places 2>/dev/null && complain "$word is an issue, not a comment"
done
grep -rnI '/wor''k/' $places 2>/dev/null && complain "a path of one machine"

[ "$broken" = 0 ] && echo "floors: all rules kept"
exit "$broken"
