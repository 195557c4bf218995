/*
 * Names the genre of raw 16-bit stereo at 44.1 kHz on standard input, window by window, in a program without
 * exceptions:
 *
 *     ffmpeg -v error -i song.mp3 -f s16le -ar 44100 -ac 2 - | listen MODEL
 */
#define TIMBREL_NO_EXCEPTIONS
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "timbrel.hpp"

namespace {

int failed(const char *what, const timbrel::failure &why)
{
    std::fprintf(stderr, "listen: %s: %s\n", what, why.message.c_str());
    return 1;
}

std::vector<std::uint8_t> read_file(const char *path)
{
    std::vector<std::uint8_t> bytes;
    if (std::FILE *file = std::fopen(path, "rb")) {
        std::array<std::uint8_t, 4096> part{};
        while (std::size_t count = std::fread(part.data(), 1, part.size(), file))
            bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
        std::fclose(file);
    }
    return bytes;
}

void print(const timbrel::classifier &classifier)
{
    if (auto answer = classifier.result())
        std::printf("%3u  %s (%.0f %%)\n", static_cast<unsigned>(answer->windows), answer->genre.data(),
                    100.0 * static_cast<double>(answer->confidence));
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return std::fprintf(stderr, "usage: listen MODEL <AUDIO\n"), 2;
    std::vector<std::uint8_t> model = read_file(argv[1]);
    auto made = timbrel::classifier::copying(model, {44100, 2});
    if (!made)
        return failed(argv[1], made.error());
    timbrel::classifier classifier = *std::move(made);

    std::array<std::int16_t, 8192> samples{};
    while (std::size_t count = std::fread(samples.data(), sizeof samples[0], samples.size(), stdin)) {
        auto windows = classifier.push_all(timbrel::span<const std::int16_t>(samples.data(), count),
                                           [&] { print(classifier); });
        if (!windows)
            return failed("standard input", windows.error());
    }
    if (auto finished = classifier.finish(); !finished)
        return failed("standard input", finished.error());
    print(classifier);
}
