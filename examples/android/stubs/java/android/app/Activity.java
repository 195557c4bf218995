package android.app;

import android.content.ContextWrapper;
import android.os.Bundle;
import android.view.View;

public class Activity extends ContextWrapper {
    public Activity() { super(null); }
    protected void onCreate(Bundle savedInstanceState) {}
    public void setContentView(int layoutResID) { throw new UnsupportedOperationException(); }
    public <T extends View> T findViewById(int id) { throw new UnsupportedOperationException(); }
    public boolean shouldShowRequestPermissionRationale(String permission) { throw new UnsupportedOperationException(); }
}
