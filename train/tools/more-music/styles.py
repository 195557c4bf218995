"""Styles of made music: accompaniments of MMA (Debian: mma, GPL-2+) with the chords, tempi and lead instruments that suit them."""

from dataclasses import dataclass

BLUES = [
    "C7 F7 C7 C7 F7 F7 C7 C7 G7 F7 C7 G7",
    "C7 C7 C7 C7 F7 F7 C7 C7 G7 F7 C7 C7",
    "Cm7 Cm7 Cm7 Cm7 Fm7 Fm7 Cm7 Cm7 Ab7 G7 Cm7 G7",
    "C7 G7 F7 F7 C7 G7 C7 G7",
]
MAJOR = ["C C F C C G C C", "C F G C C F G C", "C Am F G", "C G Am F", "C F C G F C G C", "F G Em Am F G C C", "C Em F G C Am Dm G"]
MINOR = ["Am F C G", "Am Dm E7 Am", "Am G F E7", "Am Am Dm Am F E7 Am E7", "Am C G D", "Dm Dm Am Am Bb Am Dm Am"]
JAZZ = [
    "Dm7 G7 CM7 CM7",
    "CM7 Am7 Dm7 G7 Em7 A7 Dm7 G7",
    "Am7 Dm7 G7 CM7 FM7 Bm7b5 E7 Am7",
    "CM7 CM7 Cm7 F7 BbM7 BbM7 Bbm7 Eb7 AbM7 Dm7b5 CM7 G7",
    "Dm7 Dm7 Dm7 Dm7 Ebm7 Ebm7 Dm7 Dm7",
    "C6 A7 D7 D7 Dm7 G7 C6 G7",
]
VAMP = ["Am7 Am7 Am7 Am7", "Am7 Am7 Dm7 Am7", "Dm7 G7 Dm7 G7", "Cm7 Cm7 Bb Cm7", "Em7 A7 Em7 A7", "Am F Am G"]
POWER = ["E5 E5 G5 A5", "E5 F5 E5 D5", "A5 G5 F5 E5", "E5 E5 C5 D5", "D5 D5 F5 G5", "E5 G5 Bb5 A5"]

MAJOR_SCALE = "c d e f g a b"
BLUES_SCALE = "c e& f f# g b&"
MINOR_SCALE = "a b c d e f g"
PENTATONIC = "a c d e g"
DORIAN = "d e f g a b c"
PHRYGIAN = "e f g a b c d"


@dataclass(frozen=True)
class Style:
    """Files of MMA's library, bounds of the tempo, chords, notes of the lead, and General MIDI instruments of it."""

    files: str
    tempo: tuple[int, int]
    chords: list[str]
    scale: str
    leads: list[int]


STYLES = {
    "blues": Style(
        "stdlib/blues stdlib/blues68 stdlib/blues128 stdlib/fastblues stdlib/slowblues stdlib/countryblues stdlib/shuffleboggie "
        "stdlib/boggiewoggie casio/blues casio/shuffleboogie zoom/blues zoom/shuffle",
        (65, 150), BLUES, BLUES_SCALE, [27, 29, 22, 66, 0, 25, 28, 18],
    ),
    "country": Style(
        "stdlib/countryswing stdlib/slowcountry stdlib/hillcountry stdlib/bluegrass stdlib/westernswing stdlib/folk stdlib/bluefolk "
        "stdlib/folkballad stdlib/zydeco yamaha/western yamaha/jazzcountry zoom/cntry zoom/country",
        (75, 150), MAJOR, MAJOR_SCALE, [110, 25, 105, 27, 22, 24, 28],
    ),
    "jazz": Style(
        "stdlib/swing stdlib/bebop stdlib/jazzcombo stdlib/jazzguitar stdlib/mellowjazz stdlib/modernjazz stdlib/nitejazz "
        "stdlib/slowjazz stdlib/bigband stdlib/gypsyjazz stdlib/evansish stdlib/bossanova stdlib/dixie stdlib/easyswing "
        "yamaha/jazztrio yamaha/jazzbasie yamaha/jazzswing yamaha/jazzbossa casio/jazzcombo casio/modernjazz casio/slowbigband "
        "casio/middlebigband zoom/jazz",
        (80, 210), JAZZ, MAJOR_SCALE, [66, 65, 56, 59, 11, 0, 26, 71, 57],
    ),
    "reggae": Style(
        "zoom/reggae stdlib/ska zoom/ska stdlib/calypso", (65, 100), VAMP + MINOR + MAJOR, MINOR_SCALE, [18, 27, 56, 57, 16, 4],
    ),
    "disco": Style(
        "casio/discosoul stdlib/boneym casio/dance1 casio/dance2 casio/8beatdance casio/dancepop1 casio/dancepop2 casio/80spop "
        "stdlib/dsoul casio/funk1 casio/soulpop zoom/dance kara/8beatmotown kara/Kfunk1",
        (105, 130), VAMP + MINOR, PENTATONIC, [48, 61, 80, 53, 81, 50, 4],
    ),
    "hiphop": Style(
        "alexis/hiphop casio/hip-hop casio/triphop zoom/hiphop zoom/trip stdlib/strut zoom/funk casio/funk2 casio/modernrb",
        (78, 108), VAMP, PENTATONIC, [4, 80, 48, 33, 99, 12, 45],
    ),
    "metal": Style(
        "casio/heavymetal zoom/mtl zoom/thr zoom/hrk pflib/metal1 pflib/metal2 zoom/punk casio/digitalrock",
        (110, 190), POWER, PHRYGIAN, [30, 29, 31, 81],
    ),
    "rock": Style(
        "stdlib/basicrock stdlib/50srock stdlib/60srock stdlib/rock-128 stdlib/softrock stdlib/bubblerock stdlib/folkrock "
        "stdlib/rockballad casio/rock1 casio/rock2 casio/poprock1 casio/poprock2 casio/slowrock zoom/rock pflib/rock1 stdlib/twist "
        "casio/shufflerock kara/K50s_rock",
        (85, 160), MAJOR + MINOR + BLUES, PENTATONIC, [29, 30, 27, 18, 0, 28],
    ),
    "pop": Style(
        "stdlib/popballad stdlib/8beat stdlib/ballad stdlib/pianoballad casio/pop casio/popballad casio/8beatpop1 casio/8beatpop2 "
        "casio/8beatpop3 casio/16beat1 casio/electricpop casio/60spop casio/worldpop zoom/pop zoom/bald casio/dancepop3 casio/soul",
        (70, 128), MAJOR + MINOR, MAJOR_SCALE, [0, 53, 73, 80, 4, 52, 25, 48],
    ),
    "techno": Style(
        "alexis/teamtechno casio/techno casio/trance1 casio/trance2 casio/house casio/rave zoom/techno zoom/house zoom/dnb stdlib/trance",
        (118, 150), VAMP + MINOR, MINOR_SCALE, [81, 80, 87, 90, 50],
    ),
}
