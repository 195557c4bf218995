/**
 * @file
 * Timbrel for C++17: timbrel.h with values that free themselves, exceptions and views. The header compiles into the
 * program and adds nothing to the library's ABI.
 *
 *     timbrel::classifier classifier = timbrel::classifier::copying(model, {44100, 2});
 *     classifier.push_all(samples);
 *     classifier.finish();
 *     timbrel::prediction answer = classifier.result();
 *     std::cout << answer.genre << '\n';
 *
 * Errors. Functions that return outcome<T> return a T and throw timbrel::error. If TIMBREL_NO_EXCEPTIONS is defined
 * before this header is included, they throw nothing and return an expected<T> instead, which holds a T or a
 * timbrel::failure. Both forms may be used in one program: they live in different inline namespaces.
 *
 * Views. Samples, models and memory are passed as span<T>: any contiguous container (std::vector, std::array, an
 * array, C++20's std::span), or a pointer and a length. Models and memory may be of char, unsigned char or std::byte.
 * They are used during the call only, unless the function's
 * name says that it borrows.
 *
 * Threads. As in timbrel.h: a classifier may move between threads, but two threads must not use it at once.
 */
#ifndef TIMBREL_HPP
#define TIMBREL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#ifndef TIMBREL_NO_EXCEPTIONS
#include <stdexcept>
#else
#include <cassert>
#include <variant>
#endif

#include "timbrel.h"

namespace timbrel {

/** A view of `size()` values of T with another owner. */
template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /** View anything with data() and size() over the same type. */
    template <class C, class = std::enable_if_t<
                           std::is_convertible_v<decltype(std::declval<C &>().data()), T *> &&
                           std::is_same_v<std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<C &>().data())>>,
                                          std::remove_cv_t<T>> &&
                           std::is_convertible_v<decltype(std::declval<C &>().size()), std::size_t>>>
    constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    /** Return the values after the first `count`, which must not be more than size(). */
    constexpr span subspan(std::size_t count) const noexcept { return {data_ + count, size_ - count}; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/** A view of bytes as std::uint8_t (T, or const T), of anything that holds char, unsigned char or std::byte. */
template <class T> class byte_span : public span<T> {
    template <class B>
    using if_bytes = std::enable_if_t<(std::is_same_v<std::remove_const_t<B>, char> ||
                                       std::is_same_v<std::remove_const_t<B>, std::uint8_t> ||
                                       std::is_same_v<std::remove_const_t<B>, std::byte>) &&
                                      (std::is_const_v<T> || !std::is_const_v<B>)>;

public:
    constexpr byte_span() noexcept = default;
    constexpr byte_span(T *data, std::size_t size) noexcept : span<T>(data, size) {}
    template <class B, class = if_bytes<B>>
    byte_span(B *data, std::size_t size) noexcept : span<T>(reinterpret_cast<T *>(data), size) {}
    template <class B, std::size_t N, class = if_bytes<B>> byte_span(B (&array)[N]) noexcept : byte_span(array, N) {}
    /** View anything with data() and size() over bytes. */
    template <class C, class = if_bytes<std::remove_pointer_t<decltype(std::declval<C &>().data())>>,
              class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<C &>().size()), std::size_t>>>
    byte_span(C &&container) noexcept : byte_span(container.data(), container.size()) {}
};

/** The bytes of a model file. */
using model_bytes = byte_span<const std::uint8_t>;

/** Memory for a classifier. */
using memory_bytes = byte_span<std::uint8_t>;

/** A failure. */
struct failure {
    timbrel_status status = TIMBREL_ERROR_INTERNAL;
    /** In English, with details; a copy that stays valid. */
    std::string message;
    /** Samples that a push took before it failed. With TIMBREL_ERROR_SAMPLE this is the index of the bad sample, and
       the caller may continue after it. */
    std::size_t consumed = 0;
};

/** Format of the audio to be pushed. */
struct format {
    /** Hz, 4000 to 768000. */
    std::uint32_t sample_rate = 44100;
    /** Interleaved, 1 to 8. */
    std::uint32_t channels = 1;
};

/** Effect of one push. */
struct pushed {
    /** Samples taken from the front. */
    std::size_t consumed = 0;
    /** Whether a window was completed and classified. */
    bool window = false;
};

/** Whether audio is music whose genre the model knows. */
enum class state { music, silence, not_music, unsure };

/** Return a state's name: "music", "silence", "not_music" or "unsure". */
inline std::string_view to_string(state value) noexcept
{
    switch (value) {
    case state::music:
        return "music";
    case state::silence:
        return "silence";
    case state::not_music:
        return "not_music";
    case state::unsure:
        break;
    }
    return "unsure";
}

/** What is said of audio beside its genre; timbrel_result defines the numbers. */
struct quality {
    timbrel::state state = timbrel::state::music;
    float level_dbfs = 0;
    float clipped = 0;
    float silent = 0;
    float not_music = 0;
    float cancelled = 0;
};

/** The answer over all windows so far. */
struct prediction : quality {
    std::uint32_t class_index = 0;
    /** Name of the most probable genre; valid as long as the classifier is. */
    std::string_view genre;
    /** Its probability, 0 to 1. */
    float confidence = 0;
    /** Windows of the audio, silent ones included. */
    std::uint32_t windows = 0;
    /** One value per genre, 0 to 1. */
    std::vector<float> probabilities;
};

/** The answer for one window alone, in which the windows before it have no part. */
struct window_answer {
    timbrel::state state = timbrel::state::music;
    std::uint32_t class_index = 0;
    /** Name of the most probable genre; valid as long as the classifier is. */
    std::string_view genre;
    /** Its probability, 0 to 1. */
    float confidence = 0;
    /** One value per genre, 0 to 1; all the same if the window is silent. */
    std::vector<float> probabilities;
};

/** The answer for a file. */
struct file_prediction : quality {
    std::uint32_t class_index = 0;
    std::string genre;
    float confidence = 0;
    std::uint32_t windows = 0;
    std::vector<float> probabilities;
    /** Share of the audio that was decoded, less than 0.9 for a file that is damaged or broken off; timbrel_result defines
       it and the numbers that follow. */
    float heard = 1;
    std::uint32_t replaced = 0;
    std::uint32_t first_replaced = 0;
    bool core_only = false;
    bool cut_off = false;
};

/** Return the library's version, for example "0.1.0". */
inline std::string_view version() noexcept { return timbrel_version(); }

/** Return whether the library that the program runs with fits the header that it was compiled with. */
inline bool abi_matches() noexcept { return timbrel_abi_version() == TIMBREL_ABI_VERSION; }

#ifndef TIMBREL_NO_EXCEPTIONS
inline namespace throwing {

/** Exception that carries a failure; its message is what(). */
class error : public std::runtime_error {
public:
    explicit error(failure why)
        : std::runtime_error(std::move(why.message)), status_(why.status), consumed_(why.consumed) {}
    timbrel_status status() const noexcept { return status_; }
    std::size_t consumed() const noexcept { return consumed_; }

private:
    timbrel_status status_;
    std::size_t consumed_;
};

template <class T> using outcome = T;

namespace detail {
template <class T> [[noreturn]] outcome<T> fail(failure why) { throw error(std::move(why)); }
inline void done() noexcept {}
} // namespace detail

#else
inline namespace expecting {

/** A T, or a failure instead of it. */
template <class T> class [[nodiscard]] expected {
public:
    expected(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    expected(failure why) : held_(std::in_place_index<1>, std::move(why)) {}
    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    /** Return the value; call this only if has_value(). */
    T &operator*() & noexcept { return value(); }
    T &&operator*() && noexcept { return std::move(value()); }
    T *operator->() noexcept { return &value(); }
    const T &operator*() const & noexcept { return const_cast<expected *>(this)->value(); }
    const T *operator->() const noexcept { return &const_cast<expected *>(this)->value(); }
    /** Return the failure; call this only if not has_value(). */
    const failure &error() const noexcept
    {
        assert(!has_value());
        return *std::get_if<1>(&held_);
    }

private:
    T &value() noexcept
    {
        assert(has_value());
        return *std::get_if<0>(&held_);
    }
    std::variant<T, failure> held_;
};

template <> class [[nodiscard]] expected<void> {
public:
    expected() = default;
    expected(failure why) : failed_(true), why_(std::move(why)) {}
    bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    /** Return the failure; call this only if not has_value(). */
    const failure &error() const noexcept
    {
        assert(failed_);
        return why_;
    }

private:
    bool failed_ = false;
    failure why_;
};

template <class T> using outcome = expected<T>;

namespace detail {
template <class T> outcome<T> fail(failure why) { return outcome<T>(std::move(why)); }
inline expected<void> done() { return {}; }
} // namespace detail

#endif

namespace detail {
/** Return an empty result of this header's form. */
inline timbrel_result empty_result() noexcept
{
    timbrel_result result{};
    result.struct_size = sizeof result;
    return result;
}

/** Return a state of timbrel.h, of which an unknown one is unsure. */
inline state state_of(timbrel_state value) noexcept
{
    if (value == TIMBREL_STATE_MUSIC)
        return state::music;
    if (value == TIMBREL_STATE_SILENCE)
        return state::silence;
    if (value == TIMBREL_STATE_NOT_MUSIC)
        return state::not_music;
    return state::unsure;
}

/** Return what a result says beside the genre. */
inline quality quality_of(const timbrel_result &result) noexcept
{
    return {state_of(result.state), result.level_dbfs, result.clipped, result.silent, result.not_music, result.cancelled};
}

/** Return the details of the last failure on this thread. */
inline failure last(timbrel_status status, std::size_t consumed = 0)
{
    const char *message = timbrel_last_error();
    return {status, *message != '\0' ? message : timbrel_status_message(status), consumed};
}
} // namespace detail

/** Check a model and return its metadata. */
inline outcome<timbrel_info> model_info(model_bytes model)
{
    timbrel_info info{};
    timbrel_status status = timbrel_model_info(model.data(), model.size(), &info);
    if (status != TIMBREL_OK)
        return detail::fail<timbrel_info>(detail::last(status));
    return info;
}

/** Return the bytes of memory that classifier::in_place() needs for a model. */
inline outcome<std::size_t> required_bytes(model_bytes model)
{
    std::size_t bytes = 0;
    timbrel_status status = timbrel_required_bytes(model.data(), model.size(), &bytes);
    if (status != TIMBREL_OK)
        return detail::fail<std::size_t>(detail::last(status));
    return bytes;
}

/** A streaming classifier. It can be moved, not copied; functions of a moved-from classifier fail with
   TIMBREL_ERROR_NULL. */
class classifier {
public:
    /** Make a classifier on the heap, with a copy of the model. */
    static outcome<classifier> copying(model_bytes model, format form)
    {
        return make(model, [&](const timbrel_config &config, timbrel_classifier **made) {
            return timbrel_classifier_new(model.data(), model.size(), &config, made);
        }, form);
    }

    /** Make a classifier on the heap over a model that stays in place, unchanged, as long as the classifier lives. */
    static outcome<classifier> borrowing(model_bytes model, format form)
    {
        return make(model, [&](const timbrel_config &config, timbrel_classifier **made) {
            return timbrel_classifier_new_borrowed(model.data(), model.size(), &config, made);
        }, form);
    }

    /** Make a classifier in memory of the caller, of at least required_bytes(model). Memory and model are borrowed as
       long as the classifier lives; only the labels are on the heap. */
    static outcome<classifier> in_place(memory_bytes memory, model_bytes model, format form)
    {
        return make(model, [&](const timbrel_config &config, timbrel_classifier **made) {
            return timbrel_classifier_init(memory.data(), memory.size(), model.data(), model.size(), &config, made);
        }, form);
    }

    /** Push interleaved samples, with full scale ±1.0, 2^15 or 2^31, and return after the first window that they
       complete: call it again with the rest. */
    outcome<pushed> push(span<const float> samples) { return push_with(timbrel_classifier_push_f32, samples); }
    outcome<pushed> push(span<const std::int16_t> samples) { return push_with(timbrel_classifier_push_i16, samples); }
    outcome<pushed> push(span<const std::int32_t> samples) { return push_with(timbrel_classifier_push_i32, samples); }

    /** Push all samples and return the number of windows that they completed. */
    template <class S> outcome<std::uint32_t> push_all(const S &samples)
    {
        return push_all(samples, [] {});
    }

    /** Do the same and call `on_window()` after each window, in which result(), window() and logits() may be
       used. */
    template <class S, class F> outcome<std::uint32_t> push_all(const S &samples, F &&on_window)
    {
        if constexpr (std::is_convertible_v<const S &, span<const float>>)
            return push_rest(timbrel_classifier_push_f32, span<const float>(samples), on_window);
        else if constexpr (std::is_convertible_v<const S &, span<const std::int32_t>>)
            return push_rest(timbrel_classifier_push_i32, span<const std::int32_t>(samples), on_window);
        else
            return push_rest(timbrel_classifier_push_i16, span<const std::int16_t>(samples), on_window);
    }

    /** End the signal and classify the rest of it. */
    outcome<void> finish() { return done(timbrel_classifier_finish(get())); }

    /** Forget the signal, so that another one of the same format can be pushed. */
    outcome<void> reset() { return done(timbrel_classifier_reset(get())); }

    /** Return the answer over all windows since the beginning or the last reset. */
    outcome<prediction> result() const
    {
        timbrel_result result = detail::empty_result();
        std::vector<float> probabilities(labels_.size());
        timbrel_status status =
            timbrel_classifier_result(get(), &result, probabilities.data(), probabilities.size());
        if (status != TIMBREL_OK)
            return detail::fail<prediction>(detail::last(status));
        return prediction{detail::quality_of(result), result.class_index, label(result.class_index),
                          result.confidence,          result.windows,     std::move(probabilities)};
    }

    /** Return the answer for the last window alone: what result() is for audio of that one window. */
    outcome<window_answer> window() const
    {
        timbrel_state found = TIMBREL_STATE_UNSURE;
        std::vector<float> probabilities(labels_.size());
        timbrel_status status =
            timbrel_classifier_window(get(), &found, probabilities.data(), probabilities.size());
        if (status != TIMBREL_OK)
            return detail::fail<window_answer>(detail::last(status));
        // the first one of several, as in the library
        auto best = std::max_element(probabilities.begin(), probabilities.end());
        auto index = static_cast<std::uint32_t>(best - probabilities.begin());
        float confidence = *best;
        return window_answer{detail::state_of(found), index, label(index), confidence, std::move(probabilities)};
    }

    /** Return the integer logits of the last window, one per genre; zeros before the first window. */
    outcome<std::vector<std::int32_t>> logits() const
    {
        std::vector<std::int32_t> logits(labels_.size());
        timbrel_status status = timbrel_classifier_logits(get(), logits.data(), logits.size());
        if (status != TIMBREL_OK)
            return detail::fail<std::vector<std::int32_t>>(detail::last(status));
        return logits;
    }

    /** Return the embedding of the signal: the mean over its windows of the input of the network's last layer, 0 to
       255 each. Fails with TIMBREL_ERROR_NO_EMBEDDING for a model without one. */
    outcome<std::vector<float>> embedding() const
    {
        std::size_t needed = 0;
        timbrel_status status = timbrel_classifier_embedding(get(), nullptr, 0, &needed);
        std::vector<float> values(status == TIMBREL_OK ? needed : 0);
        if (status == TIMBREL_OK)
            status = timbrel_classifier_embedding(get(), values.data(), values.size(), nullptr);
        if (status != TIMBREL_OK)
            return detail::fail<std::vector<float>>(detail::last(status));
        return values;
    }

    /** Return the number of genres. */
    std::uint32_t class_count() const noexcept { return static_cast<std::uint32_t>(labels_.size()); }

    /** Return the name of a genre in UTF-8, valid as long as the classifier is; empty for an index without one. */
    std::string_view label(std::uint32_t class_index) const noexcept
    {
        return class_index < labels_.size() ? std::string_view(labels_[class_index]) : std::string_view();
    }

    /** Return the handle, for functions of timbrel.h; this object keeps it. NULL after a move. */
    timbrel_classifier *get() const noexcept { return handle_.get(); }

private:
    struct freeing {
        /** Free the classifier, but leave one in the caller's memory alone. */
        void operator()(timbrel_classifier *handle) const noexcept { timbrel_classifier_free(handle); }
    };
    static constexpr std::size_t label_bytes = 128;

    explicit classifier(timbrel_classifier *handle) noexcept : handle_(handle) {}

    template <class F> static outcome<classifier> make(model_bytes model, F &&construct, format form)
    {
        timbrel_info info{};
        timbrel_config config{sizeof config, form.sample_rate, form.channels};
        timbrel_classifier *handle = nullptr;
        if (!abi_matches())
            return detail::fail<classifier>({TIMBREL_ERROR_INTERNAL, "the library does not belong to the header", 0});
        timbrel_status status = timbrel_model_info(model.data(), model.size(), &info);
        if (status == TIMBREL_OK)
            status = construct(config, &handle);
        if (status != TIMBREL_OK)
            return detail::fail<classifier>(detail::last(status));
        classifier made(handle);
        made.labels_.reserve(info.class_count);
        for (std::uint32_t i = 0; i < info.class_count; i++) {
            char label[label_bytes];
            status = timbrel_label(handle, i, label, sizeof label);
            if (status != TIMBREL_OK)
                return detail::fail<classifier>(detail::last(status));
            made.labels_.emplace_back(label);
        }
        return made;
    }

    template <class S> using push_function =
        timbrel_status (*)(timbrel_classifier *, const S *, std::size_t, std::size_t *, std::uint8_t *);

    template <class S> outcome<pushed> push_with(push_function<S> function, span<const S> samples)
    {
        std::size_t consumed = 0;
        std::uint8_t window = 0;
        timbrel_status status = function(get(), samples.data(), samples.size(), &consumed, &window);
        if (status != TIMBREL_OK)
            return detail::fail<pushed>(detail::last(status, consumed));
        return pushed{consumed, window != 0};
    }

    template <class S, class F>
    outcome<std::uint32_t> push_rest(push_function<S> function, span<const S> samples, F &&on_window)
    {
        std::uint32_t windows = 0;
        std::size_t at = 0;
        while (at < samples.size()) {
            span<const S> rest = samples.subspan(at);
            std::size_t consumed = 0;
            std::uint8_t window = 0;
            timbrel_status status = function(get(), rest.data(), rest.size(), &consumed, &window);
            at += consumed;
            if (status != TIMBREL_OK)
                return detail::fail<std::uint32_t>(detail::last(status, at));
            if (window != 0) {
                windows++;
                on_window();
            }
        }
        return windows;
    }

    static outcome<void> done(timbrel_status status)
    {
        if (status != TIMBREL_OK)
            return detail::fail<void>(detail::last(status));
        return detail::done();
    }

    std::unique_ptr<timbrel_classifier, freeing> handle_;
    std::vector<std::string> labels_;
};

/** A gate that tells sound which may be music from silence, hiss and hum; push to a classifier what comes while it is open.
   Mono samples. It may be copied. */
class gate {
public:
    /** Make a gate for a rate in Hz, with the settings that suit most microphones. */
    static outcome<gate> make(std::uint32_t sample_rate) { return init(sample_rate, nullptr); }

    /** Make a gate with settings of its own, whose struct_size need not be set. */
    static outcome<gate> make(std::uint32_t sample_rate, timbrel_gate_settings settings)
    {
        settings.struct_size = sizeof settings;
        return init(sample_rate, &settings);
    }

    /** Push samples with full scale 2^15 or 2^31, and return whether the gate is open after the last one. */
    bool push(span<const std::int16_t> samples) noexcept
    {
        timbrel_gate_push_i16(&gate_, samples.data(), samples.size(), &open_);
        return is_open();
    }
    bool push(span<const std::int32_t> samples) noexcept
    {
        timbrel_gate_push_i32(&gate_, samples.data(), samples.size(), &open_);
        return is_open();
    }

    bool is_open() const noexcept { return open_ != 0; }

private:
    gate() = default;
    static outcome<gate> init(std::uint32_t sample_rate, const timbrel_gate_settings *settings)
    {
        gate made;
        timbrel_status status = timbrel_gate_init(&made.gate_, sample_rate, settings);
        if (status != TIMBREL_OK)
            return detail::fail<gate>(detail::last(status));
        return made;
    }

    timbrel_gate gate_{};
    std::uint8_t open_ = 0;
};

/** Decode an audio file and classify it. `path` is in UTF-8 on Windows. In libraries built with
   decode only. */
inline outcome<file_prediction> classify_file(model_bytes model, const std::string &path)
{
    timbrel_info info{};
    timbrel_result result = detail::empty_result();
    char label[128];
    timbrel_status status = timbrel_model_info(model.data(), model.size(), &info);
    std::vector<float> probabilities(info.class_count);
    if (status == TIMBREL_OK)
        status = timbrel_classify_file(model.data(), model.size(), path.c_str(), &result, probabilities.data(),
                                       probabilities.size(), label, sizeof label);
    if (status != TIMBREL_OK)
        return detail::fail<file_prediction>(detail::last(status));
    return file_prediction{detail::quality_of(result), result.class_index,    label,
                           result.confidence,          result.windows,        std::move(probabilities),
                           result.heard,               result.replaced,       result.first_replaced,
                           result.core_only != 0,      result.cut_off != 0};
}

} // inline namespace
} // namespace timbrel

#endif /* TIMBREL_HPP */
