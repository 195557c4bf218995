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
