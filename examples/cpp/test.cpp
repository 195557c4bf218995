/*
 * Tests of the promises of timbrel.hpp beyond those of timbrel.h. Compiled twice, with exceptions and
 * (-DTIMBREL_NO_EXCEPTIONS -fno-exceptions) without:
 *
 *     test MODEL FILE
 */
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#if __cplusplus >= 202002L && __has_include(<span>)
#include <span>
#endif
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "timbrel.hpp"

namespace {

#define CHECK(condition)                                                                                              \
    ((condition) ? void() : (std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), std::exit(1)))

/* The value of an outcome, and the failure of one that must fail, in either form of the header. */
#ifndef TIMBREL_NO_EXCEPTIONS
template <class T> T must(T value) { return value; }
#define MUST(call) must(call)
#define MUST_DO(call) (call)
template <class F> timbrel::failure failure_of(F &&call)
{
    try {
        call();
    } catch (const timbrel::error &error) {
        return {error.status(), error.what(), error.consumed()};
    }
    return {TIMBREL_OK, "it did not fail", 0};
}
#else
#define MUST(call) must(call)
#define MUST_DO(call) CHECK((call).has_value())
template <class T> T must(timbrel::expected<T> outcome)
{
    CHECK(outcome);
    return *std::move(outcome);
}
template <class F> timbrel::failure failure_of(F &&call)
{
    auto outcome = call();
    return outcome ? timbrel::failure{TIMBREL_OK, "it did not fail", 0} : outcome.error();
}
#endif

std::vector<std::uint8_t> read_file(const char *path)
{
    std::vector<std::uint8_t> bytes;
    std::FILE *file = std::fopen(path, "rb");
    CHECK(file != nullptr);
    for (int byte; (byte = std::fgetc(file)) != EOF;)
        bytes.push_back(static_cast<std::uint8_t>(byte));
    std::fclose(file);
    return bytes;
}

std::vector<float> tune(std::size_t count)
{
    std::vector<float> samples(count);
    for (std::size_t i = 0; i < count; i++) {
        double t = static_cast<double>(i) / 22050;
        samples[i] = static_cast<float>(0.5 * std::sin(6.283185307 * 220 * t) * std::exp(-4 * std::fmod(t, 0.5)));
    }
    return samples;
}

void ownership(timbrel::model_bytes model)
{
    static_assert(!std::is_copy_constructible_v<timbrel::classifier>);
    static_assert(!std::is_copy_assignable_v<timbrel::classifier>);
    static_assert(std::is_nothrow_move_constructible_v<timbrel::classifier>);
    static_assert(std::is_nothrow_move_assignable_v<timbrel::classifier>);

    auto first = MUST(timbrel::classifier::copying(model, {22050, 1}));
    std::string_view label = first.label(0);
    timbrel_classifier *handle = first.get();
    timbrel::classifier second = std::move(first);
    CHECK(first.get() == nullptr && second.get() == handle);
    // labels stay where they are
    CHECK(second.label(0).data() == label.data() && label == "blues");
    CHECK(failure_of([&] { return first.finish(); }).status == TIMBREL_ERROR_NULL);
    // the classifier that was there is freed
    second = MUST(timbrel::classifier::borrowing(model, {44100, 2}));
    CHECK(second.class_count() == 10 && second.label(9) == "rock" && second.label(10).empty());
}

void views(timbrel::model_bytes model)
{
    static_assert(!std::is_convertible_v<std::vector<double>, timbrel::span<const float>>);
    static_assert(!std::is_convertible_v<std::vector<std::int16_t>, timbrel::span<const float>>);
    static_assert(!std::is_convertible_v<const std::vector<float> &, timbrel::span<float>>);

    auto classifier = MUST(timbrel::classifier::copying(model, {22050, 1}));
    const std::vector<float> vector(100);
    std::array<float, 50> array{};
    std::int16_t plain[7] = {};
    const std::vector<std::int32_t> wide(9);
    CHECK(MUST(classifier.push(vector)).consumed == 100);
    CHECK(MUST(classifier.push(array)).consumed == 50);
    CHECK(MUST(classifier.push(plain)).consumed == 7);
    CHECK(MUST(classifier.push(timbrel::span<const float>())).consumed == 0);
    CHECK(MUST(classifier.push(wide)).consumed == 9);
    CHECK(MUST(classifier.push_all(plain)) == 0);
    CHECK(MUST(classifier.push_all(wide)) == 0);
}

/* The last window's own answer, and the same signal as 32-bit integers. */
void windows(timbrel::model_bytes model)
{
    std::vector<float> samples = tune(2 * 22050);
    auto classifier = MUST(timbrel::classifier::copying(model, {22050, 1}));
    CHECK(failure_of([&] { return classifier.window(); }).status == TIMBREL_ERROR_NO_RESULT);
    CHECK(MUST(classifier.push_all(samples)) == 0);
    MUST_DO(classifier.finish());
    // audio of one window
    timbrel::prediction whole = MUST(classifier.result());
    timbrel::window_answer window = MUST(classifier.window());
    CHECK(whole.windows == 1 && window.state == whole.state && window.probabilities == whole.probabilities);
    CHECK(window.genre == whole.genre && window.confidence == whole.confidence);
    CHECK(window.class_index == whole.class_index);

    // of 24 bits, which floats hold exactly
    std::vector<std::int32_t> wide;
    for (float &sample : samples) {
        wide.push_back(static_cast<std::int32_t>(std::lround(sample * 8388608.0F)) * 256);
        sample = static_cast<float>(wide.back()) / 2147483648.0F;
    }
    auto other = MUST(timbrel::classifier::copying(model, {22050, 1}));
    MUST_DO(classifier.reset());
    CHECK(MUST(classifier.push_all(samples)) == MUST(other.push_all(wide)));
    MUST_DO(classifier.finish());
    MUST_DO(other.finish());
    CHECK(MUST(classifier.result()).probabilities == MUST(other.result()).probabilities);

    const std::vector<std::int32_t> silence(4 * 22050);
    std::vector<timbrel::state> states;
    MUST_DO(other.reset());
    CHECK(MUST(other.push_all(silence, [&] { states.push_back(MUST(other.window()).state); })) >= 1);
    CHECK(!states.empty() && states.front() == timbrel::state::silence);
}

/* Models and memory in containers of every kind of byte. */
void bytes(timbrel::model_bytes model)
{
    static_assert(!std::is_convertible_v<std::vector<std::int16_t>, timbrel::model_bytes>);
    static_assert(!std::is_convertible_v<std::vector<bool>, timbrel::model_bytes>);
    static_assert(!std::is_convertible_v<const std::vector<char> &, timbrel::memory_bytes>);
    static_assert(std::is_convertible_v<const char (&)[8], timbrel::model_bytes>);

    const auto *first = reinterpret_cast<const char *>(model.data());
    const std::string text(first, model.size());
    const std::string_view view = text;
    const std::vector<char> chars(text.begin(), text.end());
    std::vector<std::byte> values(model.size());
    std::memcpy(values.data(), first, model.size());
    CHECK(MUST(timbrel::model_info(text)).class_count == 10);
    CHECK(MUST(timbrel::model_info(view)).class_count == 10);
    CHECK(MUST(timbrel::model_info(chars)).class_count == 10);
    CHECK(MUST(timbrel::model_info(values)).class_count == 10);
    CHECK(MUST(timbrel::model_info({first, model.size()})).class_count == 10);
    const std::size_t size = MUST(timbrel::required_bytes(values));
    std::vector<std::byte> memory(size);
    std::string more(size, '\0');
    auto one = MUST(timbrel::classifier::in_place(memory, values, {22050, 1}));
    auto other = MUST(timbrel::classifier::in_place(more, text, {22050, 1}));
    CHECK(one.label(0) == other.label(0));
#ifdef __cpp_lib_span
    CHECK(MUST(timbrel::model_info(std::as_bytes(std::span(values)))).class_count == 10);
    CHECK(MUST(timbrel::model_info(std::span<const char>(chars))).class_count == 10);
#endif
}

/* The same answer on the heap and in the caller's memory, in pieces and at once. */
void answers(timbrel::model_bytes model)
{
    const std::vector<float> samples = tune(20 * 22050);
    std::vector<std::uint8_t> memory(MUST(timbrel::required_bytes(model)));
    auto heap = MUST(timbrel::classifier::copying(model, {22050, 1}));
    auto place = MUST(timbrel::classifier::in_place(memory, model, {22050, 1}));
    CHECK(failure_of([&] { return heap.result(); }).status == TIMBREL_ERROR_NO_RESULT);

    std::uint32_t called = 0;
    CHECK(MUST(heap.push_all(samples, [&] { called++; })) == called && called > 2);
    std::uint32_t windows = 0;
    timbrel::span<const float> rest(samples);
    while (!rest.empty()) {
        timbrel::pushed pushed = MUST(place.push(timbrel::span<const float>(rest.data(), std::min<std::size_t>(rest.size(), 777))));
        windows += pushed.window ? 1 : 0;
        rest = rest.subspan(pushed.consumed);
    }
    CHECK(windows == called);
    MUST_DO(heap.finish());
    MUST_DO(place.finish());
    timbrel::prediction one = MUST(heap.result()), other = MUST(place.result());
    CHECK(one.genre == other.genre && one.probabilities == other.probabilities && one.windows == other.windows);
    CHECK(MUST(heap.logits()) == MUST(place.logits()) && MUST(heap.logits()).size() == 10);
    CHECK(MUST(heap.embedding()) == MUST(place.embedding()) && MUST(heap.embedding()).size() == 96);
    float largest = 0;
    for (float value : MUST(heap.embedding()))
        largest = std::max(largest, value);
    CHECK(largest > 0 && largest <= 255);
    float sum = 0;
    for (float p : one.probabilities)
        sum += p;
    CHECK(std::fabs(sum - 1) < 1e-5F && one.probabilities[one.class_index] == one.confidence);
    MUST_DO(heap.reset());
    CHECK(failure_of([&] { return heap.result(); }).status == TIMBREL_ERROR_NO_RESULT);
    CHECK(failure_of([&] { return heap.embedding(); }).status == TIMBREL_ERROR_NO_RESULT);
}

void failures(timbrel::model_bytes model)
{
    timbrel::failure cut = failure_of([&] { return timbrel::model_info({model.data(), 1000}); });
    CHECK(cut.status == TIMBREL_ERROR_MODEL && !cut.message.empty());
    CHECK(failure_of([&] { return timbrel::classifier::copying({}, {22050, 1}); }).status == TIMBREL_ERROR_NULL);
    CHECK(failure_of([&] { return timbrel::classifier::copying(model, {3999, 1}); }).status == TIMBREL_ERROR_RATE);
    CHECK(failure_of([&] { return timbrel::classifier::copying(model, {22050, 9}); }).status == TIMBREL_ERROR_CHANNELS);
    std::array<std::uint8_t, 100> small{};
    timbrel::failure memory = failure_of([&] { return timbrel::classifier::in_place(small, model, {22050, 1}); });
    CHECK(memory.status == TIMBREL_ERROR_MEMORY);

    auto classifier = MUST(timbrel::classifier::copying(model, {22050, 1}));
    std::vector<float> samples = tune(12 * 22050);
    samples[11 * 22050] = std::numeric_limits<float>::quiet_NaN();
    timbrel::failure bad = failure_of([&] { return classifier.push_all(samples); });
    CHECK(bad.status == TIMBREL_ERROR_SAMPLE && bad.consumed == 11 * 22050);
    // the second that is left ends one window at most
    CHECK(MUST(classifier.push_all(timbrel::span<const float>(samples).subspan(bad.consumed + 1))) <= 1);
    MUST_DO(classifier.finish());
    CHECK(failure_of([&] { return classifier.push(samples); }).status == TIMBREL_ERROR_FINISHED);
}

void files(timbrel::model_bytes model, const char *path)
{
    timbrel::file_prediction answer = MUST(timbrel::classify_file(model, path));
    CHECK(answer.windows == 1 && answer.probabilities.size() == 10 && !answer.genre.empty());
    CHECK(answer.probabilities[answer.class_index] == answer.confidence);
    CHECK(answer.heard == 1 && answer.replaced == 0 && !answer.core_only && !answer.cut_off);
    timbrel::failure missing = failure_of([&] { return timbrel::classify_file(model, "no such file.wav"); });
    CHECK(missing.status == TIMBREL_ERROR_FILE && !missing.message.empty());
}

void gates()
{
    timbrel::gate gate = MUST(timbrel::gate::make(16000));
    CHECK(!gate.is_open() && !gate.push(std::vector<std::int16_t>(16000)));
    timbrel_gate_settings settings{};
    settings.open_dbfs = -40;
    settings.close_dbfs = -50;
    auto by_level = MUST(timbrel::gate::make(16000, settings));
    std::vector<std::int32_t> loud(1024);
    for (std::size_t i = 0; i < loud.size(); i++)
        loud[i] = i % 2 == 0 ? 1 << 29 : -(1 << 29);
    CHECK(by_level.push(loud) && by_level.is_open());
    settings.open_dbfs = 1;
    CHECK(failure_of([&] { return timbrel::gate::make(16000, settings); }).status == TIMBREL_ERROR_ARGUMENT);
}

} // namespace

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    CHECK(timbrel::abi_matches());
    const std::vector<std::uint8_t> model = read_file(argv[1]);
    CHECK(MUST(timbrel::model_info(model)).class_count == 10);
    ownership(model);
    views(model);
    bytes(model);
    answers(model);
    windows(model);
    failures(model);
    gates();
    files(model, argv[2]);
}
