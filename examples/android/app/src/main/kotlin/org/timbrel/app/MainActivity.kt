package org.timbrel.app

import android.Manifest.permission.RECORD_AUDIO
import android.content.Intent
import android.content.pm.PackageManager.PERMISSION_GRANTED
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.view.View
import android.widget.Button
import android.widget.ProgressBar
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts.RequestPermission
import androidx.activity.viewModels
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.lifecycleScope
import androidx.lifecycle.repeatOnLifecycle
import kotlin.math.roundToInt
import kotlinx.coroutines.launch
import org.timbrel.Answer
import org.timbrel.State

/** One screen: a button, the likeliest genre of what the microphone hears, its certainty and the level. */
class MainActivity : ComponentActivity() {
    private val model: ListeningModel by viewModels()
    private val permission = registerForActivityResult(RequestPermission()) { if (it) model.start() else explain() }

    private lateinit var button: Button
    private lateinit var settings: Button
    private lateinit var genre: TextView
    private lateinit var certainty: ProgressBar
    private lateinit var details: TextView
    private lateinit var level: ProgressBar

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        button = findViewById(R.id.listen)
        settings = findViewById(R.id.settings)
        genre = findViewById(R.id.genre)
        certainty = findViewById(R.id.certainty)
        details = findViewById(R.id.details)
        level = findViewById(R.id.level)
        button.setOnClickListener { toggle() }
        settings.setOnClickListener {
            startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", packageName, null)))
        }
        lifecycleScope.launch {
            repeatOnLifecycle(Lifecycle.State.STARTED) {
                launch { model.screen.collect(::show) }
                launch { model.level.collect { level.progress = ((it ?: QUIETEST_DB) - QUIETEST_DB).roundToInt() } }
            }
        }
    }

    private fun toggle() {
        when (model.screen.value) {
            is Screen.Waiting, is Screen.Hearing -> model.stop()
            is Screen.Stopped, is Screen.Failed ->
                if (checkSelfPermission(RECORD_AUDIO) == PERMISSION_GRANTED) model.start() else permission.launch(RECORD_AUDIO)
        }
    }

    /** The permission was refused; where the system no longer asks, only the settings can give it. */
    private fun explain() {
        write("", 0f, getString(R.string.not_allowed))
        settings.visibility = if (shouldShowRequestPermissionRationale(RECORD_AUDIO)) View.GONE else View.VISIBLE
    }

    private fun show(screen: Screen) {
        val listening = screen is Screen.Waiting || screen is Screen.Hearing
        button.setText(if (listening) R.string.stop else R.string.listen)
        if (listening) settings.visibility = View.GONE
        when (screen) {
            is Screen.Stopped -> screen.answer?.let(::show)
            is Screen.Waiting -> write("", 0f, getString(R.string.waiting, screen.seconds))
            is Screen.Hearing -> show(screen.answer)
            is Screen.Failed -> write("", 0f, screen.message)
        }
    }

    private fun show(answer: Answer) {
        val percent = (100 * answer.confidence).roundToInt()
        when (answer.state) {
            State.MUSIC -> write(answer.genre, answer.confidence, getString(R.string.certainty, percent))
            State.UNSURE -> write(getString(R.string.unsure), answer.confidence, getString(R.string.perhaps, answer.genre, percent))
            State.SILENCE -> write(getString(R.string.silence), 0f, "")
            State.NOT_MUSIC -> write(getString(R.string.not_music), 0f, "")
        }
    }

    private fun write(headline: String, confidence: Float, more: String) {
        genre.text = headline
        certainty.progress = (100 * confidence).roundToInt()
        details.text = more
    }

    private companion object {
        /** The left end of the level's bar; its length in decibels is `max` in the layout. */
        const val QUIETEST_DB = -60f
    }
}
