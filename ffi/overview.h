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
