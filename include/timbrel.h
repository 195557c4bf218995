/**
 * @file
 * Timbrel: tells the genre of music on the device that hears it.
 *
 * A classifier is made from a model file, fed with audio in portions of any size, and asked for its answer:
 *
 *     timbrel_classifier *classifier;
 *     timbrel_config config = {sizeof config, 44100, 2};
 *     timbrel_classifier_new(model, model_len, &config, &classifier);
 *     while (count > 0) {
 *         size_t consumed;
 *         timbrel_classifier_push_i16(classifier, samples, count, &consumed, NULL);
 *         samples += consumed, count -= consumed;
 *     }
 *     timbrel_classifier_finish(classifier);
 *     timbrel_result result;
 *     timbrel_classifier_result(classifier, &result, NULL, 0);
 *     timbrel_classifier_free(classifier);
 *
 * Memory. timbrel_classifier_new() allocates and copies the model; timbrel_classifier_new_borrowed()
 * allocates and leaves the model where it is. timbrel_classifier_init() makes a classifier in memory that the
 * caller gives, as large as timbrel_required_bytes() says: it needs no heap and no operating system. What is
 * passed in otherwise is used during the call only.
 *
 * Errors. Functions that can fail return a timbrel_status, TIMBREL_OK being 0. They write to what their last
 * parameters point to on success only, unless they say otherwise. No argument makes them crash that is a
 * valid pointer or NULL. timbrel_last_error() has the details.
 *
 * Threads. A classifier may move from thread to thread; it must not be used by two at once. Different
 * classifiers may be used at the same time, also over the same model.
 */

#ifndef TIMBREL_H
#define TIMBREL_H

#include <stddef.h>
#include <stdint.h>

/// Version of the library that this header belongs to, after Cargo.toml.
/// @{
#define TIMBREL_VERSION_MAJOR 0
#define TIMBREL_VERSION_MINOR 1
#define TIMBREL_VERSION_PATCH 0
/// @}


/// Version of this interface. It changes when a program that was compiled against an older header would
/// misbehave; compare it with `timbrel_abi_version()`.
#define TIMBREL_ABI_VERSION 1

/// What a function did. New values are only ever added at the end.
typedef enum {
    /// It did what it says.
    TIMBREL_OK = 0,
    /// A pointer that must not be NULL is NULL.
    TIMBREL_ERROR_NULL = 1,
    /// The model is no valid model: damaged, cut off, or something else.
    TIMBREL_ERROR_MODEL = 2,
    /// The memory is smaller than timbrel_required_bytes() says.
    TIMBREL_ERROR_MEMORY = 3,
    /// The sample rate is none of the supported ones.
    TIMBREL_ERROR_RATE = 4,
    /// The number of channels is not in 1 to 8.
    TIMBREL_ERROR_CHANNELS = 5,
    /// A sample is NaN, infinite, or beyond ±1,000,000.
    TIMBREL_ERROR_SAMPLE = 6,
    /// The signal is finished; only timbrel_classifier_reset() takes more.
    TIMBREL_ERROR_FINISHED = 7,
    /// No window is classified yet.
    TIMBREL_ERROR_NO_RESULT = 8,
    /// The signal has no sample.
    TIMBREL_ERROR_NO_AUDIO = 9,
    /// The struct_size of a struct is not set, or smaller than the library's oldest form of it.
    TIMBREL_ERROR_STRUCT_SIZE = 10,
    /// A buffer is too small for what is to be written to it.
    TIMBREL_ERROR_BUFFER = 11,
    /// There is no class of that index.
    TIMBREL_ERROR_CLASS = 12,
    /// The audio file cannot be read; timbrel_last_error() says why.
    TIMBREL_ERROR_FILE = 13,
    /// A defect in the library was caught. The classifier must be freed.
    TIMBREL_ERROR_INTERNAL = 14,
} timbrel_status;

/// A streaming classifier. Opaque: only pointers to it are handed around.
///
/// It may move from thread to thread and must not be used by two at once.
typedef struct timbrel_classifier timbrel_classifier;

/// What a model says of itself.
typedef struct {
    /// Rate in Hz that audio is resampled to. Any supported rate may be pushed.
    uint32_t sample_rate;
    /// Number of genres, 1 to 64.
    uint32_t class_count;
    /// Seconds of audio in a window.
    float window_seconds;
    /// Seconds from one window to the next.
    float hop_seconds;
    /// A logit's value is its integer times 2 to the power of minus this.
    uint32_t logits_exponent;
} timbrel_info;

/// Form of the audio that will be pushed.
typedef struct {
    /// sizeof(timbrel_config), by which the library knows which fields there are.
    uint32_t struct_size;
    /// Samples per second and channel: 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000 or 96000.
    uint32_t sample_rate;
    /// Interleaved channels, 1 to 8; their mean is classified.
    uint32_t channels;
} timbrel_config;

/// The answer so far.
typedef struct {
    /// Index of the most probable genre; timbrel_label() has its name.
    uint32_t class_index;
    /// Its probability, 0 to 1.
    float confidence;
    /// Windows that were classified.
    uint32_t windows;
    /// Number of genres.
    uint32_t class_count;
} timbrel_result;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The library's TIMBREL_ABI_VERSION. Any thread.
uint32_t timbrel_abi_version(void);

/// The library's version, for example "0.1.0"; static. Any thread.
const char *timbrel_version(void);

/// Checks a model and tells what it says of itself.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only.
/// `info`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
timbrel_status timbrel_model_info(const uint8_t *model, size_t model_len, timbrel_info *info);

/// What a status means, in English. Never NULL; the text is static. A number that is no status gives
/// "unknown status". Any thread.
const char *timbrel_status_message(int32_t status);

/// What went wrong in the last function that failed on this thread, with details that its status lacks.
/// Never NULL; empty if nothing failed, and always empty in a library built without std. Valid until the
/// next call of a timbrel function on this thread.
const char *timbrel_last_error(void);

/// Tells how many bytes of memory timbrel_classifier_init() needs for a model. The number does not depend
/// on the audio's form, nor on where the memory begins.
///
/// `model`: `model_len` bytes of a .timbrel file; read during the call only.
/// `bytes`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
timbrel_status timbrel_required_bytes(const uint8_t *model, size_t model_len, size_t *bytes);

/// Makes a classifier in the caller's memory. Nothing is allocated, and nothing has to be freed: when the
/// classifier is not used any more, the memory is the caller's again.
///
/// `memory`: `memory_len` bytes, at least as many as timbrel_required_bytes() says, at any address; they
/// belong to the classifier as long as it is used. `model`: `model_len` bytes of a .timbrel file, borrowed:
/// they stay where they are, unchanged, as long as the classifier is used (flash will do). `config`: read
/// during the call only. `classifier`: written on success; points into `memory`. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_MEMORY,
/// TIMBREL_ERROR_RATE, TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE.
timbrel_status timbrel_classifier_init(uint8_t *memory,
                                       size_t memory_len,
                                       const uint8_t *model,
                                       size_t model_len,
                                       const timbrel_config *config,
                                       timbrel_classifier **classifier);

/// Makes a classifier on the heap with a copy of the model.
///
/// `model`: `model_len` bytes of a .timbrel file, or of an .onnx file if the library was built with
/// tract; copied. `config`: read during the call only. `classifier`: written on success; free it with
/// timbrel_classifier_free(). Any thread. In libraries with std only.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_RATE,
/// TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE.
timbrel_status timbrel_classifier_new(const uint8_t *model,
                                      size_t model_len,
                                      const timbrel_config *config,
                                      timbrel_classifier **classifier);

/// Makes a classifier on the heap over a model that stays the caller's: `model_len` bytes that stay
/// where they are, unchanged, until the classifier is freed (a file mapped into memory, say). Otherwise
/// as timbrel_classifier_new().
timbrel_status timbrel_classifier_new_borrowed(const uint8_t *model,
                                               size_t model_len,
                                               const timbrel_config *config,
                                               timbrel_classifier **classifier);

/// Frees a classifier that timbrel_classifier_new() or timbrel_classifier_new_borrowed() made, and the
/// copy of its model if there is one. NULL, and a classifier in the caller's memory, are left alone.
/// The pointer is not valid afterwards.
void timbrel_classifier_free(timbrel_classifier *classifier);

/// Takes samples, interleaved if there are several channels, full scale ±1.0. Any number of them; a frame of
/// channels may be cut between two calls. It returns after each window that is completed and classified, so
/// call it again with the rest. How the audio is cut into calls does not change the result.
///
/// `samples`: `count` values, read during the call only; may be NULL if `count` is 0. `consumed`: samples
/// taken from the front; written on success, and also with TIMBREL_ERROR_SAMPLE, where the sample at that
/// index is the bad one: one may go on behind it. `window`: set to 1 if a window was completed, else to 0;
/// may be NULL. One thread at a time for a classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_FINISHED.
timbrel_status timbrel_classifier_push_f32(timbrel_classifier *classifier,
                                           const float *samples,
                                           size_t count,
                                           size_t *consumed,
                                           uint8_t *window);

/// As timbrel_classifier_push_f32(), for 16-bit samples.
timbrel_status timbrel_classifier_push_i16(timbrel_classifier *classifier,
                                           const int16_t *samples,
                                           size_t count,
                                           size_t *consumed,
                                           uint8_t *window);

/// Ends the signal and classifies what is left of it: the last window's worth if at least half a hop of it is
/// new, or, if there was no window at all, what there is, forwards and backwards in turn until it fills one.
/// Calling it again does nothing. One thread at a time for a classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_AUDIO.
timbrel_status timbrel_classifier_finish(timbrel_classifier *classifier);

/// Forgets the signal, so that another one of the same form can be pushed. One thread at a time for a
/// classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL.
timbrel_status timbrel_classifier_reset(timbrel_classifier *classifier);

/// The answer over all windows since the beginning or the last reset. It may be asked for at any time.
///
/// `result`: written on success. `probabilities`: one value a genre, 0 to 1, written on success;
/// `probabilities_len` values of room, at least class_count; or NULL with 0 where they are not wanted. No
/// other call for this classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_RESULT, TIMBREL_ERROR_BUFFER.
timbrel_status timbrel_classifier_result(const timbrel_classifier *classifier,
                                         timbrel_result *result,
                                         float *probabilities,
                                         size_t probabilities_len);

/// Integer logits of the last window, which are the same bits on every platform; zeros before the first one.
///
/// `logits`: one value a genre, written on success; `logits_len` values of room, at least class_count. No
/// other call for this classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_BUFFER.
timbrel_status timbrel_classifier_logits(const timbrel_classifier *classifier,
                                         int32_t *logits,
                                         size_t logits_len);

/// Name of a genre in UTF-8, with a zero byte at its end.
///
/// `class_index`: below class_count. `label`: written on success; `label_len` bytes of room, 128 are enough
/// for any. No other call for this classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_CLASS, TIMBREL_ERROR_BUFFER.
timbrel_status timbrel_label(const timbrel_classifier *classifier,
                             uint32_t class_index,
                             char *label,
                             size_t label_len);

/// Decodes a wav, mp3, flac, ogg or m4a file and classifies it.
///
/// `model`: `model_len` bytes of a model file, read during the call only. `path`: the file's name, ends with a
/// zero byte (on Windows in UTF-8). `result`, `probabilities`: as in timbrel_classifier_result(). The genre's
/// name is copied to `label`, `label_len` bytes of room, 128 are enough for any; NULL with 0 where it is not
/// wanted. Any thread. In libraries built with decode only.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_FILE, TIMBREL_ERROR_RATE,
/// TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_BUFFER.
timbrel_status timbrel_classify_file(const uint8_t *model,
                                     size_t model_len,
                                     const char *path,
                                     timbrel_result *result,
                                     float *probabilities,
                                     size_t probabilities_len,
                                     char *label,
                                     size_t label_len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIMBREL_H */
