package android.widget;

import android.view.View;

public class ProgressBar extends View {
    public int getProgress() { throw new UnsupportedOperationException(); }
    public void setProgress(int progress) { throw new UnsupportedOperationException(); }
}
