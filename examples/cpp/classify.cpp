/*
 * Classifies 16-bit wav files through timbrel.hpp.
 *
 *     classify MODEL FILE.wav...
 *
 * prints the same line of JSON for a file as examples/c/classify.
 */
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "timbrel.hpp"
#include "wav.h"

namespace {

std::vector<std::uint8_t> read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file || bytes.empty())
        throw std::runtime_error("cannot be read, or is empty");
    return bytes;
}

/* Return text as a JSON string. */
std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
            out += code.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

/* Return a number in printf's format; the width of a stream does not persist. */
std::string number(const char *format, double value)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

void classify(timbrel::model_bytes model, const std::string &name)
{
    std::vector<std::uint8_t> bytes = read_file(name);
    wav audio;
    if (const char *error = wav_parse(bytes.data(), bytes.size(), &audio))
        throw std::runtime_error(error);
    std::unique_ptr<wav, decltype(&wav_free)> owner(&audio, wav_free);

    auto classifier = timbrel::classifier::borrowing(model, {audio.sample_rate, audio.channels});
    timbrel::span<const std::int16_t> samples(audio.samples, audio.count);
    // pieces as they would come from a sound card; the division of the audio makes no difference
    while (!samples.empty()) {
        timbrel::span<const std::int16_t> piece(samples.data(), std::min<std::size_t>(samples.size(), 4001));
        classifier.push_all(piece);
        samples = samples.subspan(piece.size());
    }
    classifier.finish();
    timbrel::prediction answer = classifier.result();

    std::cout << "{\"file\": " << quoted(name) << ", \"state\": \"" << timbrel::to_string(answer.state)
              << "\", \"genre\": " << quoted(answer.genre)
              << ", \"confidence\": " << number("%.6f", answer.confidence) << ", \"probabilities\": {";
    for (std::uint32_t i = 0; i < classifier.class_count(); i++)
        std::cout << (i > 0 ? ", " : "") << quoted(classifier.label(i)) << ": "
                  << number("%.6f", answer.probabilities[i]);
    double seconds = static_cast<double>(audio.count) / audio.channels / audio.sample_rate;
    std::cout << "}, \"windows\": " << answer.windows << ", \"seconds\": " << number("%.3f", seconds) << "}\n";
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 3) {
        std::cerr << "usage: classify MODEL FILE.wav...\n";
        return 2;
    }
    std::vector<std::uint8_t> model;
    try {
        model = read_file(argv[1]);
        timbrel::model_info(model);
    } catch (const std::exception &error) {
        std::cerr << "classify: " << argv[1] << ": " << error.what() << '\n';
        return 2;
    }
    int failed = 0;
    for (int i = 2; i < argc; i++) {
        try {
            classify(model, argv[i]);
        } catch (const std::exception &error) {
            std::cerr << "classify: " << argv[i] << ": " << error.what() << '\n';
            failed = 1;
        }
    }
    return failed;
}
