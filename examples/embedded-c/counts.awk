# Makes the tables of counts.sh from one file per core, with `KEY NUMBER` per line. A key may have a rate in it:
# `period 16000` is a number of samples or what else was printed, `period 16000#` the instructions for it.
FNR == 1 { cores[++n] = FILENAME }
{ at[FILENAME, NF == 3 ? $1 " " $2 : $1] = $NF }
$1 == "model-rate" { MODEL_RATE = $2 }

function grouped(x) { return x < 1000 ? sprintf("%d", x) : sprintf("%s,%03d", grouped(int(x / 1000)), x % 1000) }
function millions(x) { return sprintf("%.1f million", x / 1e6) }
function head(title,   i, line, rule) {
    line = "| " title " |"; rule = "|---|"
    for (i = 1; i <= n; i++) { line = line " " cores[i] " |"; rule = rule "---:|" }
    print "\n" line "\n" rule
}
function row(title, what,   i, line) {
    line = "| " title " |"
    for (i = 1; i <= n; i++) line = line " " cell(cores[i], what) " |"
    print line
}
function cell(c, what) {
    if (what == "gate") return sprintf("%.1f", at[c, "gate"] / at[c, "gate-samples"])
    if (what == "gated") return sprintf("%.2f million", MODEL_RATE * at[c, "gate"] / at[c, "gate-samples"] / 1e6)
    if (what == "silence") return millions(MODEL_RATE * at[c, "silence"] / at[c, "period"])
    return grouped(at[c, what])
}

# Instructions per second of music at a rate, given as i16 or i32. How wide a sample is does not touch the resampling.
function second(c, rate, width,   per_second) {
    per_second = rate == MODEL_RATE ? rate * (at[c, "columns"] + at[c, "window"]) / at[c, "period"] \
        : rate * at[c, "period " rate "#"] / at[c, "period " rate]
    if (width == 32) per_second += rate * (at[c, "i32"] - at[c, "columns"] - at[c, "window"]) / at[c, "period"]
    return per_second
}
function pdm(c, clock, rate) { return rate * at[c, "pdm " clock "#"] / at[c, "pdm " clock] }

# A microphone: its name, its rate, the bits of its samples, and its clock if these are converted from PDM.
function microphone(name, rate, width, clock) { names[++m] = name; rates[m] = rate; widths[m] = width; clocks[m] = clock }
function instructions(c, i) {
    return second(c, rates[i], widths[i]) + (clocks[i] ? pdm(c, clocks[i], rates[i]) : 0)
}

# Mean current of a core that computes for `share` seconds for each second that it hears, in turns.
function mean_ma(share, listen, every,   computing, longer) {
    computing = share * listen
    longer = computing > listen ? computing : listen
    return (computing * run_ma + (longer - computing) * sleep_ma + listen * microphone_ma + (every - longer) * off_ma) / every
}
function ma_and_days(ma) { return sprintf(" %.3g | %.0f |", ma, battery_mah / ma / 24) }
# A row of the battery's table, for one core.
function battery(name, share,   line) {
    line = sprintf("| %s | %.0f %% |", name, 100 * share)
    line = line (share < 1 ? ma_and_days(mean_ma(share, 1, 1)) : " too slow | |")
    print line (share * listen_s < every_s ? ma_and_days(mean_ma(share, listen_s, every_s)) : " too slow | |")
}

END {
    microphone("i16 at 22,050 Hz", 22050, 16)
    microphone("i32 (I2S, 24 bits) at 22,050 Hz", 22050, 32)
    microphone("i16 at 16,000 Hz", 16000, 16)
    microphone("i16 at 44,100 Hz", 44100, 16)
    microphone("i16 at 48,000 Hz", 48000, 16)
    microphone("i32 at 48,000 Hz", 48000, 32)
    microphone("PDM at 1.4112 MHz, to 22,050 Hz", 22050, 16, 1411200)
    microphone("PDM at 1.024 MHz, to 16,000 Hz", 16000, 16, 1024000)
    microphone("PDM at 2.048 MHz, to 16,000 Hz", 16000, 16, 2048000)
    microphone("PDM at 3.072 MHz, to 16,000 Hz", 16000, 16, 3072000)

    head("Instructions, `" model "`")
    row("checking the model", "parse")
    row("making the classifier", "make")
    row("the last sample of a window: its column, the network, the answer", "window")
    row("bytes of stack to make a classifier", "stack")
    row("bytes of stack to push a window", "stack-push")
    row("`timbrel_required_bytes()`", "bytes")

    head("Instructions of the gate")
    row("one sample, its share of a decision included", "gate")
    row("one second at " grouped(MODEL_RATE) " Hz", "gated")
    row("one second of silence without the gate, `" model "`", "silence")

    head("Instructions per second of music, `" model "`")
    for (i = 1; i <= m; i++) {
        line = "| " names[i] " |"
        for (c = 1; c <= n; c++) line = line " " millions(instructions(cores[c], i)) " |"
        print line
    }

    for (c = 1; c <= n; c++) {
        printf "\n| `%s` on %s: %s mAh, %s MHz | computing | always, mA | days | %s s in every %s, mA | days |\n", model, \
            cores[c], battery_mah, clock_mhz, listen_s, every_s
        print "|---|---:|---:|---:|---:|---:|"
        for (i = 1; i <= m; i++) battery(names[i], instructions(cores[c], i) * cycles / (clock_mhz * 1e6))
    }
}
