/**
 * @file
 * Timbrel recognises the genre of music on the device that hears it.
 *
 * A classifier is made from a model file, takes audio in portions of any size, and can be asked for its answer at
 * any time:
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
 *     timbrel_result result = {.struct_size = sizeof result};
 *     timbrel_classifier_result(classifier, &result, NULL, 0);
 *     timbrel_classifier_free(classifier);
 *
 * Memory. timbrel_classifier_new() allocates and copies the model; timbrel_classifier_new_borrowed() allocates and
 * leaves the model in place. timbrel_classifier_init() makes a classifier in memory of the caller, of the size that
 * timbrel_required_bytes() returns: it needs no heap and no operating system. All other arguments are used during
 * the call only.
 *
 * Errors. Functions that can fail return a timbrel_status; TIMBREL_OK is 0. Outputs are written on success only,
 * unless a function says otherwise. Passing NULL or a valid pointer never crashes; a misaligned pointer and a count that
 * no array can have are refused with TIMBREL_ERROR_ARGUMENT. timbrel_last_error() has the details.
 *
 * Threads. A classifier may move from thread to thread, but two threads must not use it at once. Different
 * classifiers may be used at the same time, also over the same model.
 */

#ifndef TIMBREL_H
#define TIMBREL_H

#include <stddef.h>
#include <stdint.h>

/// Version of the library that this header belongs to, from Cargo.toml.
/// @{
#define TIMBREL_VERSION_MAJOR 0
#define TIMBREL_VERSION_MINOR 1
#define TIMBREL_VERSION_PATCH 0
/// @}


/// Version of this interface.
///
/// It changes when a program compiled with an older header would misbehave; compare it with timbrel_abi_version().
#define TIMBREL_ABI_VERSION 1

/// Outcome of a function.
///
/// New values are only ever added at the end.
typedef enum timbrel_status {
    /// Success.
    TIMBREL_OK = 0,
    /// A pointer that must not be NULL is NULL.
    TIMBREL_ERROR_NULL = 1,
    /// The model is invalid: damaged, cut off, or another kind of file.
    TIMBREL_ERROR_MODEL = 2,
    /// The memory is smaller than timbrel_required_bytes() returns, or there is none to allocate.
    TIMBREL_ERROR_MEMORY = 3,
    /// The sample rate is not supported; timbrel_last_error() says which are.
    TIMBREL_ERROR_RATE = 4,
    /// The number of channels is not in 1 to 8.
    TIMBREL_ERROR_CHANNELS = 5,
    /// A sample is NaN, infinite, or beyond ±1,000,000.
    TIMBREL_ERROR_SAMPLE = 6,
    /// The signal is finished; call timbrel_classifier_reset() before pushing more.
    TIMBREL_ERROR_FINISHED = 7,
    /// No window has been classified yet.
    TIMBREL_ERROR_NO_RESULT = 8,
    /// The signal has no samples.
    TIMBREL_ERROR_NO_AUDIO = 9,
    /// The struct_size of a struct is not set, or smaller than in the oldest version of the struct.
    TIMBREL_ERROR_STRUCT_SIZE = 10,
    /// A buffer is too small for its content.
    TIMBREL_ERROR_BUFFER = 11,
    /// The index is not that of a class.
    TIMBREL_ERROR_CLASS = 12,
    /// The audio file cannot be read; timbrel_last_error() has the reason.
    TIMBREL_ERROR_FILE = 13,
    /// A defect in the library was caught. The classifier must be freed.
    TIMBREL_ERROR_INTERNAL = 14,
    /// The model has no embedding.
    TIMBREL_ERROR_NO_EMBEDDING = 15,
    /// A pointer is not aligned to its type, a count is larger than any array, or a setting is out of its range.
    TIMBREL_ERROR_ARGUMENT = 16,
    /// The model costs more than the limits allow; timbrel_model_cost() returns what it costs.
    TIMBREL_ERROR_COST = 17,
    /// The signal ends before its first window and after less than half a second: too little for an answer.
    TIMBREL_ERROR_TOO_SHORT = 18,
} timbrel_status;

/// Whether the audio is music whose genre the model knows.
///
/// New values are only ever added at the end; treat a value that you do not know as TIMBREL_STATE_UNSURE.
typedef enum timbrel_state {
    /// It is.
    TIMBREL_STATE_MUSIC = 0,
    /// All windows are silent, or all but one in 32.
    TIMBREL_STATE_SILENCE = 1,
    /// The model rejects more than half of the windows that are not silent: speech, noise, tones.
    TIMBREL_STATE_NOT_MUSIC = 2,
    /// The most probable genre is less probable than the model's threshold.
    TIMBREL_STATE_UNSURE = 3,
} timbrel_state;

/// Part of a turn of a duty cycle.
typedef enum timbrel_phase {
    /// The microphone has just been switched on; its samples are not to be classified.
    TIMBREL_PHASE_SETTLING = 0,
    /// Samples are to be classified.
    TIMBREL_PHASE_LISTENING = 1,
    /// The turn is over. The microphone may be off.
    TIMBREL_PHASE_PAUSING = 2,
} timbrel_phase;

/// A streaming classifier.
///
/// The type is opaque. A classifier may move from thread to thread, but two threads must not use it at once.
typedef struct timbrel_classifier timbrel_classifier;

/// Metadata of a model.
typedef struct timbrel_info {
    /// Rate in Hz to which audio is resampled; any rate that timbrel_config allows may be pushed.
    uint32_t sample_rate;
    /// Number of genres, 1 to 64.
    uint32_t class_count;
    /// Seconds of audio in a window.
    float window_seconds;
    /// Seconds from one window to the next.
    float hop_seconds;
    /// Exponent of the logits: a logit's value is its integer times 2 to the power of minus this.
    uint32_t logits_exponent;
} timbrel_info;

/// Cost of running a model, or the most that it may cost.
///
/// Products with their sums count as one operation each, and so do comparisons and sums of poolings.
typedef struct timbrel_cost {
    /// sizeof(timbrel_cost), from which the library knows the fields that are there; set by the caller.
    uint32_t struct_size;
    /// Multiply-adds of one window, which is computed inside a push.
    uint64_t window;
    /// Multiply-adds of one second of audio: its windows, and an estimate of its spectra.
    uint64_t second;
    /// Bytes of the activations that are kept at a time, a part of the working memory.
    uint64_t activations;
} timbrel_cost;

/// Format of the audio to be pushed.
typedef struct timbrel_config {
    /// sizeof(timbrel_config), which tells the library the fields that are there.
    uint32_t struct_size;
    /// Samples per second and channel, 4000 to 768000; at most 48 times the model's rate, and 12 times in a library without
    /// std.
    uint32_t sample_rate;
    /// Interleaved channels, 1 to 8; their mean is classified.
    uint32_t channels;
} timbrel_config;

/// The answer so far.
typedef struct timbrel_result {
    /// Set it to sizeof(timbrel_result) before the call: the library writes as much as that and leaves it as it is.
    uint32_t struct_size;
    /// Index of the most probable genre; timbrel_label() returns its name. It is always there; `state` tells whether it
    /// means anything.
    uint32_t class_index;
    /// Its probability, 0 to 1.
    float confidence;
    /// Windows of the audio, silent ones included.
    uint32_t windows;
    /// Number of genres.
    uint32_t class_count;
    /// Whether the audio is music whose genre the model knows.
    enum timbrel_state state;
    /// Root mean square of the audio, its channels mixed, in dB relative to full scale; at least -120.
    float level_dbfs;
    /// Share of the samples at or beyond full scale, 0 to 1.
    float clipped;
    /// Share of the audio that is silent, below -84 dBFS, 0 to 1.
    float silent;
    /// Share of the windows that the model rejects as not music, among those that are not silent, 0 to 1.
    float not_music;
    /// Share of the audio whose channels cancel each other, 0 to 1; its loudest channel was heard instead of the mean.
    float cancelled;
    /// Share of the audio that the file announces which could be decoded, 0 to 1: less than 0.9 for a file that is damaged or
    /// broken off. 1 where the file announces nothing, and for pushed samples.
    float heard;
    /// Number of the file's samples that were not finite and were replaced by silence. 0 for pushed samples, which are
    /// refused.
    uint32_t replaced;
    /// Index of the first of them among the file's interleaved samples.
    uint32_t first_replaced;
    /// 1 if the file is HE-AAC, of which only the core is heard, without the band above it; else 0.
    uint32_t core_only;
    /// 1 if a part of the file is missing without any word of how much, which `heard` cannot tell: it ends within a frame or
    /// without its last page, or its beginning is missing; else 0.
    uint32_t cut_off;
} timbrel_result;

/// A gate that tells sound which may be music from silence, hiss and hum.
///
/// It is the caller's; timbrel_gate_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
typedef struct timbrel_gate {
    /// What the library keeps here.
    uint64_t content[16];
} timbrel_gate;

/// When a gate opens and closes.
typedef struct timbrel_gate_settings {
    /// sizeof(timbrel_gate_settings), which tells the library the fields that are there.
    uint32_t struct_size;
    /// Level from which the gate opens, in dB relative to full scale, -90 to 0; -54 if there are no settings.
    float open_dbfs;
    /// Level from which an open gate stays open, -90 to open_dbfs; -60 if there are no settings.
    float close_dbfs;
    /// Change of the sound from which the gate opens and stays open, in dB per block of 43 to 64 ms, 0 to 6; 0.5 if there
    /// are no settings. Steady noise has less than 0.4 dB, music 0.7 to 4 dB; 0 looks at the level alone.
    float least_flux_db;
    /// Seconds that an open gate waits for level and change to return, 0 to 600; 2 if there are no settings.
    float hold_seconds;
} timbrel_gate_settings;

/// A clock that listens for some seconds in every minute or hour.
///
/// It is the caller's; timbrel_duty_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
typedef struct timbrel_duty {
    /// What the library keeps here.
    uint64_t content[8];
} timbrel_duty;

/// A converter from the bits of one PDM microphone to samples.
///
/// It is the caller's; timbrel_pdm_init() fills it, nothing has to be freed, and it may be copied. Its content is the
/// library's.
typedef struct timbrel_pdm {
    /// What the library keeps here.
    uint64_t content[160];
} timbrel_pdm;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Return the library's TIMBREL_ABI_VERSION.
///
/// Any thread.
uint32_t timbrel_abi_version(void);

/// Return the library's version, for example "0.1.0".
///
/// The string is static. Any thread.
const char *timbrel_version(void);

/// Check a model and copy its metadata.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only.
/// `info`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
enum timbrel_status timbrel_model_info(const uint8_t *model, size_t model_len, struct timbrel_info *info);

/// Check a model and copy the length of its embedding.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only. `values`: number of
/// values that timbrel_classifier_embedding() writes, at most 1024, and 0 for a model without an embedding; written
/// on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
enum timbrel_status timbrel_model_embedding(const uint8_t *model,
                                            size_t model_len,
                                            size_t *values);

/// Return the meaning of a status in English.
///
/// Never NULL; the string is static. A number that is not a status gives "unknown status". Any thread.
const char *timbrel_status_message(int32_t status);

/// Return the message of the last failure on this thread, with details beyond its status.
///
/// Never NULL; empty if nothing failed, and always empty in a library built without std. The string is valid until
/// the next call of a timbrel function on this thread.
const char *timbrel_last_error(void);

/// Compute what a model costs to run, without running any of it.
///
/// `model`: `model_len` bytes of a model file, anywhere in memory; read during the call only. `cost`: written on
/// success, apart from its `struct_size`, which the caller has set. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_model_cost(const uint8_t *model,
                                       size_t model_len,
                                       struct timbrel_cost *cost);

/// Compute the bytes of memory that timbrel_classifier_init() needs for a model.
///
/// The number depends neither on the format of the audio nor on the address of the memory.
///
/// `model`: `model_len` bytes of a .timbrel file; read during the call only.
/// `bytes`: written on success. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL.
///
enum timbrel_status timbrel_required_bytes(const uint8_t *model, size_t model_len, size_t *bytes);

/// Make a classifier in memory of the caller.
///
/// Nothing is allocated and nothing has to be freed: after the last use of the classifier, the memory is free again.
/// A call that fails leaves the memory as it was, and of more memory than the model makes use of the rest stays
/// untouched.
///
/// `memory`: `memory_len` bytes, at least as many as timbrel_required_bytes() returns, at any address; they belong to
/// the classifier as long as it is used. `model`: `model_len` bytes of a .timbrel file, borrowed: they must stay in
/// place, unchanged, as long as the classifier is used (flash will do). `config`: read during the call only.
/// `classifier`: written on success; points into `memory`. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_MEMORY,
/// TIMBREL_ERROR_RATE, TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE.
///
enum timbrel_status timbrel_classifier_init(uint8_t *memory,
                                            size_t memory_len,
                                            const uint8_t *model,
                                            size_t model_len,
                                            const struct timbrel_config *config,
                                            struct timbrel_classifier **classifier);

/// Make a classifier on the heap, with a copy of the model.
///
/// `model`: `model_len` bytes of a .timbrel file, or of an .onnx file if the library was built with
/// tract; copied. `config`: read during the call only. `classifier`: written on success; free it with
/// timbrel_classifier_free(). Any thread. In libraries with std only.
///
/// A model that costs more than 4 * 10^9 multiply-adds per window or per second of audio, or 64 MiB of activations, is
/// refused, and the message of timbrel_last_error() has its cost.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_COST, TIMBREL_ERROR_MEMORY,
/// TIMBREL_ERROR_RATE, TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_classifier_new(const uint8_t *model,
                                           size_t model_len,
                                           const struct timbrel_config *config,
                                           struct timbrel_classifier **classifier);

/// Make a classifier as timbrel_classifier_new() does, within other limits than its own.
///
/// `most`: the most that the model may cost, with its struct_size set; read during the call only. UINT64_MAX in a
/// field allows everything.
///
enum timbrel_status timbrel_classifier_new_within(const uint8_t *model,
                                                  size_t model_len,
                                                  const struct timbrel_config *config,
                                                  const struct timbrel_cost *most,
                                                  struct timbrel_classifier **classifier);

/// Make a classifier on the heap over a model that the caller keeps.
///
/// As timbrel_classifier_new(), with its limits, but the `model_len` bytes of the model must stay in place, unchanged, until the
/// classifier is freed: a file mapped into memory, for example.
///
enum timbrel_status timbrel_classifier_new_borrowed(const uint8_t *model,
                                                    size_t model_len,
                                                    const struct timbrel_config *config,
                                                    struct timbrel_classifier **classifier);

/// Free a classifier.
///
/// It frees what timbrel_classifier_new() or timbrel_classifier_new_borrowed() allocated, and leaves NULL and a
/// classifier in the caller's memory alone. The pointer is invalid afterwards.
void timbrel_classifier_free(struct timbrel_classifier *classifier);

/// Push samples with full scale ±1.0, interleaved if there are several channels.
///
/// Any number of samples may be pushed, and a frame of channels may be split between two calls. The function returns
/// after each window that it completes and, unless it is silent, classifies; call it again with the rest. The division of the audio into
/// calls does not change the result.
///
/// `samples`: `count` values, read during the call only; may be NULL if `count` is 0. `consumed`: number of samples
/// taken from the front; written on success, and also with TIMBREL_ERROR_SAMPLE as the index of the bad sample, after
/// which the caller may continue. `window`: set to 1 if a window was completed, else to 0; may be NULL. One thread at
/// a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_FINISHED.
///
enum timbrel_status timbrel_classifier_push_f32(struct timbrel_classifier *classifier,
                                                const float *samples,
                                                size_t count,
                                                size_t *consumed,
                                                uint8_t *window);

/// Push 16-bit samples, otherwise as timbrel_classifier_push_f32().
///
enum timbrel_status timbrel_classifier_push_i16(struct timbrel_classifier *classifier,
                                                const int16_t *samples,
                                                size_t count,
                                                size_t *consumed,
                                                uint8_t *window);

/// Push 32-bit samples, otherwise as timbrel_classifier_push_f32().
///
/// Full scale is 2^31: samples of 24 bits are in the upper bytes, as I2S microphones give them.
///
enum timbrel_status timbrel_classifier_push_i32(struct timbrel_classifier *classifier,
                                                const int32_t *samples,
                                                size_t count,
                                                size_t *consumed,
                                                uint8_t *window);

/// End the signal and classify the rest of it.
///
/// The rest is the last window's worth of audio if at least half a hop of it is new. A signal shorter than a window
/// is repeated, alternately forwards and backwards, until it fills one. Calling the function again does
/// nothing. One thread at a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_AUDIO, and TIMBREL_ERROR_TOO_SHORT if there was no window and
/// less than half a second of audio; after both, more can be pushed.
///
enum timbrel_status timbrel_classifier_finish(struct timbrel_classifier *classifier);

/// Forget the signal, so that another one of the same format can be pushed.
///
/// One thread at a time per classifier.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL.
///
enum timbrel_status timbrel_classifier_reset(struct timbrel_classifier *classifier);

/// Copy the answer over all windows since the beginning or the last reset.
///
/// `result`: its struct_size is set by the caller, the rest is written on success. `probabilities`: one value per genre, 0 to 1, written on success; room for
/// `probabilities_len` values, at least class_count; NULL with 0 if they are not wanted. No other call for this
/// classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_NO_RESULT, TIMBREL_ERROR_BUFFER.
///
enum timbrel_status timbrel_classifier_result(const struct timbrel_classifier *classifier,
                                              struct timbrel_result *result,
                                              float *probabilities,
                                              size_t probabilities_len);

/// Copy the answer of the last window alone, in which the windows before it have no part.
///
/// It is what timbrel_classifier_result() gives for audio of that one window. A program calls it after each push that
/// sets `window`, for example to show where speech or silence interrupts the music. `state`: written on success.
/// `probabilities`: one value per genre, 0 to 1, all the same if the window is silent; written on success; room for
/// `probabilities_len` values, at least class_count; NULL with 0 if they are not wanted. No other call for this
/// classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_RESULT, TIMBREL_ERROR_BUFFER, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_classifier_window(const struct timbrel_classifier *classifier,
                                              enum timbrel_state *state,
                                              float *probabilities,
                                              size_t probabilities_len);

/// Copy the integer logits of the last window.
///
/// They are the same bits on every platform, and zeros before the first window that is not silent. `logits`: one value per genre,
/// written on success; room for `logits_len` values, at least class_count. No other call for this classifier at the
/// same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_BUFFER.
///
enum timbrel_status timbrel_classifier_logits(const struct timbrel_classifier *classifier,
                                              int32_t *logits,
                                              size_t logits_len);

/// Copy the name of a genre in UTF-8, with a zero byte at its end.
///
/// `class_index`: below class_count. `label`: written on success; room for `label_len` bytes, of which 128 are always
/// enough. No other call for this classifier at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_CLASS, TIMBREL_ERROR_BUFFER.
///
enum timbrel_status timbrel_label(const struct timbrel_classifier *classifier,
                                  uint32_t class_index,
                                  char *label,
                                  size_t label_len);

/// Copy the embedding of the signal: the mean over its windows of the input of the network's last layer.
///
/// Every value is 0 to 255, in steps whose size does not matter where embeddings of the same model are compared by
/// their angle. `values`: written on success; room for `values_len` values; NULL with 0 to ask for the number alone.
/// `needed`: number of values, also written with TIMBREL_ERROR_BUFFER; may be NULL. No other call for this classifier
/// at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_NO_EMBEDDING, TIMBREL_ERROR_NO_RESULT,
/// TIMBREL_ERROR_BUFFER.
///
enum timbrel_status timbrel_classifier_embedding(const struct timbrel_classifier *classifier,
                                                 float *values,
                                                 size_t values_len,
                                                 size_t *needed);

/// Decode a wav, mp3, flac, ogg, m4a, aac, AIFF, AU, CAF, mkv or webm file and classify it.
///
/// `model`: `model_len` bytes of a model file, read during the call only. `path`: name of the file, with a zero byte
/// at its end (on Windows in UTF-8). `result`, `probabilities`: as in timbrel_classifier_result(). `label`: name of
/// the genre as in timbrel_label(), room for `label_len` bytes; NULL with 0 if it is not wanted. Any thread. In
/// libraries built with decode only.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_MODEL, TIMBREL_ERROR_FILE, TIMBREL_ERROR_RATE,
/// TIMBREL_ERROR_CHANNELS, TIMBREL_ERROR_SAMPLE, TIMBREL_ERROR_NO_AUDIO, TIMBREL_ERROR_TOO_SHORT,
/// TIMBREL_ERROR_STRUCT_SIZE, TIMBREL_ERROR_BUFFER.
///
enum timbrel_status timbrel_classify_file(const uint8_t *model,
                                          size_t model_len,
                                          const char *path,
                                          struct timbrel_result *result,
                                          float *probabilities,
                                          size_t probabilities_len,
                                          char *label,
                                          size_t label_len);

/// Make a gate for mono samples, closed.
///
/// `gate`: written on success. `sample_rate`: of the samples in Hz, 4000 to 192000. `settings`: read during the call
/// only; NULL for those that suit most microphones. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT, TIMBREL_ERROR_STRUCT_SIZE.
///
enum timbrel_status timbrel_gate_init(struct timbrel_gate *gate,
                                      uint32_t sample_rate,
                                      const struct timbrel_gate_settings *settings);

/// Push samples with full scale 2^15, and get whether the gate is open after the last one.
///
/// Push to a classifier what comes while the gate is open, and call timbrel_classifier_reset() when it opens. All
/// samples are taken, any number of them; the division into calls does not change the decision after a sample. A gate
/// takes a few instructions per sample, so it can hear everything.
///
/// `samples`: `count` values, mono, read during the call only; may be NULL if `count` is 0. `open`: 1 or 0, written on
/// success. One thread at a time per gate.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a gate that is not initialised.
///
enum timbrel_status timbrel_gate_push_i16(struct timbrel_gate *gate,
                                          const int16_t *samples,
                                          size_t count,
                                          uint8_t *open);

/// Push samples with full scale 2^31, as I2S microphones give them, otherwise as timbrel_gate_push_i16().
///
enum timbrel_status timbrel_gate_push_i32(struct timbrel_gate *gate,
                                          const int32_t *samples,
                                          size_t count,
                                          uint8_t *open);

/// Get what a gate measures, to choose settings for a microphone.
///
/// `level_dbfs`: level of the last block of 43 to 64 ms, about its mean. `flux_db`: mean change of the sound from block to
/// block over the last second, in dB. Both are written on success. No other call for this gate at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_gate_level(const struct timbrel_gate *gate,
                                       float *level_dbfs,
                                       float *flux_db);

/// Make a duty cycle at the beginning of a turn.
///
/// `duty`: written on success. `sample_rate`: samples per second of one channel, 4000 to 192000. `settle_ms`: after the
/// microphone is switched on, until its samples are of use, 0 to 10000. `listen_ms`: of samples to classify, 500 to
/// 600000. `every_ms`: from turn to turn, at least the sum of both, at most 86400000. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_duty_init(struct timbrel_duty *duty,
                                      uint32_t sample_rate,
                                      uint32_t settle_ms,
                                      uint32_t listen_ms,
                                      uint32_t every_ms);

/// Count samples that came, up to the next change of phase; call it again with the number of the rest.
///
/// `count`: samples of one channel. `consumed`: the samples at their front that are of one phase, at least 1 unless `count`
/// is 0. `phase`: their phase; push them to a classifier if it is TIMBREL_PHASE_LISTENING. `ends`: 1 if they are the last
/// ones to be classified in this turn, else 0. All three are written on success. One thread at a time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a duty cycle that is not initialised.
///
enum timbrel_status timbrel_duty_push(struct timbrel_duty *duty,
                                      size_t count,
                                      size_t *consumed,
                                      enum timbrel_phase *phase,
                                      uint8_t *ends);

/// Get the milliseconds until the next turn, rounded up; 0 while there are samples to classify.
///
/// `ms`: written on success. No other call for this duty cycle at the same time.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_duty_pause(const struct timbrel_duty *duty, uint32_t *ms);

/// Count milliseconds of a pause in which no samples came.
///
/// The next turn begins at the end of the pause, however late that is. Outside of a pause it does nothing. One thread at a
/// time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_duty_slept(struct timbrel_duty *duty,
                                       uint32_t ms);

/// End a turn early, for example because there is nothing to hear; what remains of it is a pause.
///
/// One thread at a time per duty cycle.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_duty_end_turn(struct timbrel_duty *duty);

/// Make a converter.
///
/// `pdm`: written on success. `clock_hz`: the microphone's clock, 64, 96, 128, 160 or 192 times `rate_hz`; best is 1411200
/// Hz for 22050 Hz, the rate of the shipped model. `gain`: factor of the samples, 0 to 256; 8 to 32 are usual, since music
/// in a room is far below a microphone's full scale. `lsb_first`: 0 if the first bit is a byte's most significant one, as
/// SPI peripherals store it, else 1. Any thread.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, TIMBREL_ERROR_RATE, TIMBREL_ERROR_ARGUMENT.
///
enum timbrel_status timbrel_pdm_init(struct timbrel_pdm *pdm,
                                     uint32_t clock_hz,
                                     uint32_t rate_hz,
                                     float gain,
                                     uint8_t lsb_first);

/// Convert bits to samples with full scale 2^15, until the output is full or the input is used up.
///
/// A constant is removed, and what exceeds 16 bits is limited. The division into calls does not change the samples.
///
/// `bytes`: `count` bytes of eight bits each, read during the call only; may be NULL if `count` is 0. `consumed`: number of
/// bytes taken from the front, all of them unless the output is full. `samples`: room for `samples_len` samples, which
/// must not overlap the bytes. `produced`: number of samples written. Outputs are written on success. One thread at a
/// time per converter.
///
/// Returns TIMBREL_OK, TIMBREL_ERROR_NULL, and TIMBREL_ERROR_ARGUMENT, also for a converter that is not initialised.
///
enum timbrel_status timbrel_pdm_process(struct timbrel_pdm *pdm,
                                        const uint8_t *bytes,
                                        size_t count,
                                        size_t *consumed,
                                        int16_t *samples,
                                        size_t samples_len,
                                        size_t *produced);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TIMBREL_H */
