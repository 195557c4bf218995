package android.view;

public class View {
    public static final int VISIBLE = 0;
    public static final int GONE = 8;
    public interface OnClickListener {
        void onClick(View v);
    }
    public void setOnClickListener(OnClickListener l) { throw new UnsupportedOperationException(); }
    public int getVisibility() { throw new UnsupportedOperationException(); }
    public void setVisibility(int visibility) { throw new UnsupportedOperationException(); }
}
