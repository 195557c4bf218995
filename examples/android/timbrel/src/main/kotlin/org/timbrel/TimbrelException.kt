package org.timbrel

/** Kind of a failure: `timbrel_status` in `timbrel.h`, in its order. */
enum class Status {
    OK,
    NULL,
    MODEL,
    MEMORY,
    RATE,
    CHANNELS,
    SAMPLE,
    FINISHED,
    NO_RESULT,
    NO_AUDIO,
    STRUCT_SIZE,
    BUFFER,
    CLASS,
    FILE,
    INTERNAL,
    NO_EMBEDDING,
    ARGUMENT,
    COST,
    TOO_SHORT,
}

/** A failure in the library. [message] has the details, [status] is for programs. */
class TimbrelException internal constructor(val status: Status, message: String) : RuntimeException(message)

/** Throw an exception for a status that is not OK. Must run on the thread that got the status. */
internal fun throwOnError(code: Int) {
    // values are never renumbered, and the bridge and the library are one file, so that no other can come
    val status = Status.values()[code]
    if (status != Status.OK) throw TimbrelException(status, String(Native.lastError(), Charsets.UTF_8))
}
