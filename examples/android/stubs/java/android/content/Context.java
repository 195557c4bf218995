package android.content;

import android.content.res.AssetManager;

public abstract class Context {
    public abstract AssetManager getAssets();
    public abstract String getPackageName();
    public abstract int checkSelfPermission(String permission);
    public abstract void startActivity(Intent intent);
    public final String getString(int resId) { throw new UnsupportedOperationException(); }
    public final String getString(int resId, Object... formatArgs) { throw new UnsupportedOperationException(); }
}
