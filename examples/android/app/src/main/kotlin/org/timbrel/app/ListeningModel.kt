package org.timbrel.app

import android.app.Application
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.stateIn
import org.timbrel.Answer
import org.timbrel.Classifier
import org.timbrel.Microphone

/** The state of the screen. */
sealed interface Screen {
    /** Not listening; with the last answer, if there is one. */
    data class Stopped(val answer: Answer?) : Screen

    /** Listening, with the first answer after [seconds]. */
    data class Waiting(val seconds: Float) : Screen

    data class Hearing(val answer: Answer) : Screen

    data class Failed(val message: String) : Screen
}

/** State that outlives a rotation: whether to listen, and the microphone. */
class ListeningModel(application: Application) : AndroidViewModel(application) {
    private val microphone = Microphone()

    /** One object per session, null for none. */
    private val session = MutableStateFlow<Any?>(null)
    private var last: Answer? = null

    val level: StateFlow<Float?> = microphone.level

    /**
     * The microphone is open while this is collected and a session is wanted. A rotation, during which nobody collects
     * for a moment, does not close it; leaving the screen does. A session that is replaced is cancelled with everything
     * it would still say.
     */
    @OptIn(ExperimentalCoroutinesApi::class)
    val screen: StateFlow<Screen> = session
        .flatMapLatest { if (it == null) flowOf(Screen.Stopped(last)) else listen() }
        .stateIn(viewModelScope, SharingStarted.WhileSubscribed(ROTATION_MS), Screen.Stopped(null))

    fun start() {
        last = null
        session.value = Any()
    }

    fun stop() {
        session.value = null
    }

    private fun listen(): Flow<Screen> = flow<Screen> {
        val model = getApplication<Application>().assets.open("compact.timbrel").use { it.readBytes() }
        emit(Screen.Waiting(Classifier.info(model).windowSeconds))
        emitAll(microphone.answers(model).onEach { last = it }.map { Screen.Hearing(it) })
    }.catch { emit(Screen.Failed(it.message ?: "The microphone cannot be used.")) }

    private companion object {
        const val ROTATION_MS = 2000L
    }
}
