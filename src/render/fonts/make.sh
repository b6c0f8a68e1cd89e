#!/bin/sh
# Makes the font files beside this script from Noto Sans (SIL Open Font License 1.1, see LICENSE-FONTS):
#   src/render/fonts/make.sh FOLDER
# FOLDER holds Noto's unhinted or hinted .ttf files, such as /usr/share/fonts/truetype/noto of Debian's fonts-noto-core.
# Needs pyftsubset (Python's fonttools). Hinting goes, since text is drawn without it; letters of the seven languages stay,
# with every ligature and mark that a shaper can make of them.
set -eu
from=$1
to=$(dirname "$0")

# Latin-1, Latin Extended-A, dashes, quotation marks, dots, arrows, minus, comparison signs.
latin='U+0020-007E,U+00A0-017F,U+2010-2015,U+2018-201E,U+2022,U+2026,U+2190-2193,U+2212,U+2264,U+2265'
arabic='U+0020-0022,U+0028,U+0029,U+002D,U+002E,U+003A,U+00AB,U+00BB,U+060C,U+061B,U+061F,U+0621-063A,U+0640-0652'
devanagari='U+0020-0022,U+0028,U+0029,U+002D,U+002E,U+003A,U+0901-0903,U+0905-090C,U+090F-0911,U+0913-0928,U+092A-0930'
devanagari="$devanagari,U+0932,U+0933,U+0935-0939,U+093C-0945,U+0947-0949,U+094B-094D,U+0950,U+095B-095E,U+0964,U+200C,U+200D"

subset() {
    pyftsubset "$from/$1.ttf" --unicodes="$2" --output-file="$to/$3.ttf" \
        --no-hinting --desubroutinize --layout-features="$4" --name-IDs='0,1,2,3,4,5,6,13,14' --notdef-outline \
        --drop-tables+=FFTM,DSIG,MATH,meta
}

for weight in Regular Bold; do
    name=$(echo "$weight" | tr '[:upper:]' '[:lower:]')
    subset "NotoSans-$weight" "$latin" "sans-$name" 'kern,mark,ccmp,locl'
    subset "NotoSansArabic-$weight" "$arabic" "arabic-$name" '*'
    subset "NotoSansDevanagari-$weight" "$devanagari" "devanagari-$name" '*'
done
