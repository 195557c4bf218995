# Makes Markdown tables from the output of measure.sh: one file per board, one `key<tab>value` per line.
BEGIN { FS = "\t"; HOP = 512; COLUMNS_PER_SECOND = 22050 / HOP }
FNR == 1 { boards[++n] = FILENAME }
$1 == "layers" { if (n == 1) layers[++l] = $2; next }
{ at[FILENAME, $1] = $2 }

function get(board, key) {
    if (!((board, key) in at)) { print "tables.awk: " board " has no " key > "/dev/stderr"; exit 1 }
    return at[board, key]
}
# 1234567 as 1,234,567
function grouped(x,   s, out) {
    s = sprintf("%.0f", x)
    while (match(s, /[0-9][0-9][0-9][0-9]+$/)) {
        out = "," substr(s, length(s) - 2) out
        s = substr(s, 1, length(s) - 3)
    }
    return s out
}
function millions(x) { return sprintf("%.1f million", x / 1e6) }
function head(title,   i, line, rule) {
    line = "| " title " |"; rule = "|---|"
    for (i = 1; i <= n; i++) { line = line " " boards[i] " |"; rule = rule "---:|" }
    print "\n" line "\n" rule
}
# one row: `what` says which of the functions below gives the cells
function row(title, what, format,   i, line) {
    line = "| " title " |"
    for (i = 1; i <= n; i++) line = line " " shown(cell(boards[i], what), format) " |"
    print line
}
function shown(x, format) {
    return format == "millions" ? millions(x) : format == "" ? grouped(x) : sprintf(format, x)
}
function sample(b) { return (get(b, "256 samples pushed")) / 256 }
function column(b) { return (HOP - 1) * sample(b) + get(b, "dB column") + get(b, "1 sample") - get(b, "256 samples") / 256 }
function dense(b) { return (get(b, "layer dense row/with") - get(b, "layer dense row/without")) / get(b, "layer dense row/work=") }
function layer(b, name) {
    name = "layer " name "/"
    return get(b, name "with") - get(b, name "without") - get(b, name "tail=") * dense(b)
}
function cell(b, what,   part) {
    if (what == "sample") return sample(b)
    if (what == "samples") return column(b) - get(b, "dB column")
    if (what == "hann") return get(b, "STFT column") - get(b, "FFT")
    if (what == "mel") return get(b, "power column") - get(b, "STFT column")
    if (what == "dB") return get(b, "dB column") - get(b, "power column")
    if (what == "column") return column(b)
    if (what == "fill") return get(b, "window") - get(b, "dB column") - get(b, "inference")
    if (what == "second") return COLUMNS_PER_SECOND * (column(b) + (get(b, "window") - get(b, "dB column")) / get(b, "columns between windows="))
    if (what == "per MAC") return get(b, "inference") / macs(b)
    if (what ~ /^(resampler|PDM)/) return get(b, what) / get(b, what "=")
    if (what == ".rodata") return get(b, ".rodata=") - get(b, "model=")
    if (what == ".bss") return get(b, ".bss=") + get(b, ".data=") - get(b, "bytes of memory=") - get(b, "bytes of the classifier=") - get(b, "bytes of queue=")
    if (what ~ /^per /) { part = substr(what, 5); return layer(b, part) / get(b, "layer " part "/work=") }
    return get(b, what)
}
# multiply-adds of the shipped model: its layers come first, up to its last dense one
function macs(b,   i, sum) {
    for (i = 1; i <= l; i++) {
        if (layers[i] !~ /pool [0-9]+×[0-9]+ stride/) sum += get(b, "layer " layers[i] "/work=")
        if (layers[i] ~ /^dense/) return sum
    }
}
END {
    head("Instructions per log-mel column (2048 samples every 512)")
    row("one sample, from `push` to its frame", "sample", "%.0f")
    row("all 512 samples", "samples")
    row("Hann window", "hann")
    row("FFT", "FFT")
    row("power and mel", "mel")
    row("dB", "dB")
    row("**one column**, samples included", "column")

    head("Instructions per window")
    row("from columns to the network's input, and softmax", "fill")
    row("**network**", "inference")
    row("one multiply-add of the network", "per MAC", "%.2f")
    row("**one second of music** at 22,050 Hz, in total", "second", "millions")

    head("Instructions per multiply-add, by layer")
    for (i = 1; i < l; i++) row(layers[i], "per " layers[i], "%.2f")

    head("Instructions per resampled sample, to 22,050 Hz")
    row("from 16,000 Hz", "resampler 16000")
    row("from 44,100 Hz", "resampler 44100")
    row("from 48,000 Hz", "resampler 48000")

    head("Instructions per sample from a PDM microphone")
    row("1.4112 MHz to 22,050 Hz", "PDM 1411200")
    row("3.072 MHz to 16,000 Hz", "PDM 3072000")

    head("Instructions at start")
    row("checking the model", "parse")
    row("constructing the classifier", "make")

    head("Flash, bytes")
    row("model", "model=")
    row("code", ".text=")
    row("tables and other constants", ".rodata")

    head("RAM, bytes")
    row("working memory (`fast_bytes`), rounded up to 1 KiB", "bytes of memory=")
    row("`Classifier` itself", "bytes of the classifier=")
    row("stack, including the interrupt's", "bytes of stack=")
    row("queue of samples (the firmware's)", "bytes of queue=")
    row("other statics", ".bss")
}
