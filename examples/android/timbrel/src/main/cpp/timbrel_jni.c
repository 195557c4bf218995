/*
 * From the JVM to the C interface: the functions of org.timbrel.Native, one to one.
 *
 * They return the timbrel_status and write outputs to arrays that the caller gives; Kotlin turns failures into
 * exceptions. No class is looked up by name here, so that a shrinker may rename all but Native. Strings cross as
 * UTF-8 bytes: JNI uses a modified UTF-8.
 *
 * Native's callers ensure that a handle is alive, that no two threads use it at once, and that arrays have
 * the length that is stated here.
 */
#include <jni.h>
#include <stddef.h>
#include <stdint.h>

#include "timbrel.h"

/* 128 bytes are enough for any label, says timbrel_label(). */
enum { LABEL_BYTES = 128 };

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_org_timbrel_Native_##name

static timbrel_classifier *from_handle(jlong handle)
{
    return (timbrel_classifier *)(intptr_t)handle;
}

static jbyteArray to_bytes(JNIEnv *env, const char *text)
{
    jsize len = 0;
    jbyteArray bytes;
    while (text[len] != '\0')
        len++;
    bytes = (*env)->NewByteArray(env, len);
    if (bytes != NULL)
        (*env)->SetByteArrayRegion(env, bytes, 0, len, (const jbyte *)text);
    return bytes;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    (void)vm;
    (void)reserved;
    /* a bridge over a library that it was not compiled for must not load */
    return timbrel_abi_version() == TIMBREL_ABI_VERSION ? JNI_VERSION_1_6 : JNI_ERR;
}

NATIVE(jbyteArray, version)(JNIEnv *env, jclass self)
{
    (void)self;
    return to_bytes(env, timbrel_version());
}

NATIVE(jbyteArray, lastError)(JNIEnv *env, jclass self)
{
    (void)self;
    return to_bytes(env, timbrel_last_error());
}

/* numbers: sample rate, number of genres, exponent of the logits; seconds: window, hop */
NATIVE(jint, info)(JNIEnv *env, jclass self, jbyteArray model, jintArray numbers, jfloatArray seconds)
{
    timbrel_info info;
    timbrel_status status;
    jbyte *bytes = (*env)->GetByteArrayElements(env, model, NULL);
    (void)self;
    if (bytes == NULL)
        return TIMBREL_ERROR_NULL; /* an OutOfMemoryError is on its way */
    status = timbrel_model_info((const uint8_t *)bytes, (size_t)(*env)->GetArrayLength(env, model), &info);
    (*env)->ReleaseByteArrayElements(env, model, bytes, JNI_ABORT);
    if (status == TIMBREL_OK) {
        const jint ints[] = {(jint)info.sample_rate, (jint)info.class_count, (jint)info.logits_exponent};
        const jfloat floats[] = {info.window_seconds, info.hop_seconds};
        (*env)->SetIntArrayRegion(env, numbers, 0, 3, ints);
        (*env)->SetFloatArrayRegion(env, seconds, 0, 2, floats);
    }
    return status;
}

/* handle: one value */
NATIVE(jint, create)(JNIEnv *env, jclass self, jbyteArray model, jint rate, jint channels, jlongArray handle)
{
    timbrel_config config = {sizeof config, (uint32_t)rate, (uint32_t)channels};
    timbrel_classifier *classifier = NULL;
    timbrel_status status;
    jbyte *bytes = (*env)->GetByteArrayElements(env, model, NULL);
    (void)self;
    if (bytes == NULL)
        return TIMBREL_ERROR_NULL;
    status = timbrel_classifier_new((const uint8_t *)bytes, (size_t)(*env)->GetArrayLength(env, model),
                                    &config, &classifier);
    (*env)->ReleaseByteArrayElements(env, model, bytes, JNI_ABORT);
    if (status == TIMBREL_OK) {
        const jlong value = (jlong)(intptr_t)classifier;
        (*env)->SetLongArrayRegion(env, handle, 0, 1, &value);
    }
    return status;
}

NATIVE(void, free)(JNIEnv *env, jclass self, jlong handle)
{
    (void)env;
    (void)self;
    timbrel_classifier_free(from_handle(handle));
}

NATIVE(jint, label)(JNIEnv *env, jclass self, jlong handle, jint index, jobjectArray label)
{
    char text[LABEL_BYTES];
    timbrel_status status = timbrel_label(from_handle(handle), (uint32_t)index, text, sizeof text);
    (void)self;
    if (status == TIMBREL_OK) {
        jbyteArray bytes = to_bytes(env, text);
        if (bytes != NULL)
            (*env)->SetObjectArrayElement(env, label, 0, bytes);
    }
    return status;
}

/* Returned by a push, beside the timbrel_status values, for samples that are not aligned to their size. */
enum { MISALIGNED = -1 };

/* Where the samples in a direct buffer begin; NULL, which the library refuses, if it is not direct. */
static const char *samples_at(JNIEnv *env, jobject buffer, jint byte_offset)
{
    const char *begin = (*env)->GetDirectBufferAddress(env, buffer);
    return begin == NULL ? NULL : begin + byte_offset;
}

static jint progress(JNIEnv *env, jintArray taken, timbrel_status status, size_t consumed, uint8_t window)
{
    const jint values[] = {(jint)consumed, window};
    (*env)->SetIntArrayRegion(env, taken, 0, 2, values);
    return (jint)status;
}

/* taken: samples consumed, and 1 if a window is complete; written also with TIMBREL_ERROR_SAMPLE */
#define PUSH(name, sample, push) \
    NATIVE(jint, name)(JNIEnv *env, jclass self, jlong handle, jobject buffer, jint byte_offset, jint count, \
                       jintArray taken) \
    { \
        const char *samples = samples_at(env, buffer, byte_offset); \
        size_t consumed = 0; \
        uint8_t window = 0; \
        timbrel_status status; \
        (void)self; \
        if ((uintptr_t)samples % sizeof(sample) != 0) \
            return MISALIGNED; \
        status = push(from_handle(handle), (const sample *)(const void *)samples, (size_t)count, &consumed, &window); \
        return progress(env, taken, status, consumed, window); \
    }

PUSH(pushShorts, int16_t, timbrel_classifier_push_i16)
PUSH(pushInts, int32_t, timbrel_classifier_push_i32)
PUSH(pushFloats, float, timbrel_classifier_push_f32)

NATIVE(jint, finish)(JNIEnv *env, jclass self, jlong handle)
{
    (void)env;
    (void)self;
    return timbrel_classifier_finish(from_handle(handle));
}

NATIVE(jint, reset)(JNIEnv *env, jclass self, jlong handle)
{
    (void)env;
    (void)self;
    return timbrel_classifier_reset(from_handle(handle));
}

/* numbers: index of the genre, windows, state; shares: level, clipped, silent, not music, cancelled; probabilities: one
   value per genre */
NATIVE(jint, result)(JNIEnv *env, jclass self, jlong handle, jintArray numbers, jfloatArray shares,
                     jfloatArray probabilities)
{
    timbrel_result result = {.struct_size = sizeof result};
    jfloat *values = (*env)->GetFloatArrayElements(env, probabilities, NULL);
    timbrel_status status;
    (void)self;
    if (values == NULL)
        return TIMBREL_ERROR_NULL;
    status = timbrel_classifier_result(from_handle(handle), &result, values,
                                       (size_t)(*env)->GetArrayLength(env, probabilities));
    (*env)->ReleaseFloatArrayElements(env, probabilities, values, 0);
    if (status == TIMBREL_OK) {
        const jint ints[] = {(jint)result.class_index, (jint)result.windows, (jint)result.state};
        const jfloat floats[] = {result.level_dbfs, result.clipped, result.silent, result.not_music, result.cancelled};
        (*env)->SetIntArrayRegion(env, numbers, 0, 3, ints);
        (*env)->SetFloatArrayRegion(env, shares, 0, 5, floats);
    }
    return status;
}

/* state: one value; probabilities: one value per genre */
NATIVE(jint, window)(JNIEnv *env, jclass self, jlong handle, jintArray state, jfloatArray probabilities)
{
    timbrel_state found = TIMBREL_STATE_UNSURE;
    jfloat *values = (*env)->GetFloatArrayElements(env, probabilities, NULL);
    timbrel_status status;
    (void)self;
    if (values == NULL)
        return TIMBREL_ERROR_NULL;
    status = timbrel_classifier_window(from_handle(handle), &found, values,
                                       (size_t)(*env)->GetArrayLength(env, probabilities));
    (*env)->ReleaseFloatArrayElements(env, probabilities, values, 0);
    if (status == TIMBREL_OK) {
        const jint value = (jint)found;
        (*env)->SetIntArrayRegion(env, state, 0, 1, &value);
    }
    return status;
}

/* logits: one value per genre */
NATIVE(jint, logits)(JNIEnv *env, jclass self, jlong handle, jintArray logits)
{
    jint *values = (*env)->GetIntArrayElements(env, logits, NULL);
    timbrel_status status;
    (void)self;
    if (values == NULL)
        return TIMBREL_ERROR_NULL;
    status = timbrel_classifier_logits(from_handle(handle), (int32_t *)values,
                                       (size_t)(*env)->GetArrayLength(env, logits));
    (*env)->ReleaseIntArrayElements(env, logits, values, 0);
    return status;
}
