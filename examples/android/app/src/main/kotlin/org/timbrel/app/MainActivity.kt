package org.timbrel.app

import android.Manifest.permission.RECORD_AUDIO
import android.app.Activity
import android.content.pm.PackageManager.PERMISSION_GRANTED
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import org.timbrel.Result

/** A button, and the genre of the music at the microphone. */
class MainActivity : Activity() {
    private lateinit var button: Button
    private lateinit var answer: TextView
    private var listening: Listening? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        answer = TextView(this).apply {
            textSize = 24f
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        }
        button = Button(this).apply {
            setText(R.string.listen)
            setOnClickListener { if (listening == null) start() else stop() }
        }
        val padding = (24 * resources.displayMetrics.density).toInt()
        setContentView(LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            setPadding(padding, padding, padding, padding)
            fitsSystemWindows = true
            addView(button)
            addView(answer)
        })
    }

    override fun onStop() {
        super.onStop()
        stop()
    }

    override fun onRequestPermissionsResult(code: Int, names: Array<String>, grants: IntArray) {
        if (grants.firstOrNull() == PERMISSION_GRANTED) start() else answer.setText(R.string.not_allowed)
    }

    private fun start() {
        if (checkSelfPermission(RECORD_AUDIO) != PERMISSION_GRANTED) {
            return requestPermissions(arrayOf(RECORD_AUDIO), 0)
        }
        val model = assets.open("compact.timbrel").use { it.readBytes() }
        answer.setText(R.string.waiting)
        button.setText(R.string.stop)
        listening = Listening(
            model,
            onResult = { result -> runOnUiThread { if (listening != null) show(result) } },
            onError = { message ->
                runOnUiThread {
                    stop()
                    answer.text = message
                }
            },
        ).also { it.start() }
    }

    private fun stop() {
        listening?.end()
        listening = null
        button.setText(R.string.listen)
    }

    private fun show(result: Result) {
        answer.text = getString(R.string.answer, result.genre, (100 * result.confidence).toInt())
    }
}
