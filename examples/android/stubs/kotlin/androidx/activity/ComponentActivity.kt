package androidx.activity

import android.app.Activity
import android.os.Bundle
import androidx.activity.result.ActivityResultCallback
import androidx.activity.result.ActivityResultLauncher
import androidx.activity.result.contract.ActivityResultContract
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.ViewModel

open class ComponentActivity : Activity(), LifecycleOwner {
    override val lifecycle: Lifecycle get() = throw UnsupportedOperationException()

    override fun onCreate(savedInstanceState: Bundle?) = Unit

    fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I> = throw UnsupportedOperationException("$contract $callback")
}

inline fun <reified VM : ViewModel> ComponentActivity.viewModels(): Lazy<VM> =
    throw UnsupportedOperationException(VM::class.simpleName)
